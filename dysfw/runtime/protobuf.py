"""Reads and extends serialised ONNX models, without a library that would be larger than all of dysfw.

In the protocol buffers format, a message whose field occurs twice is the merged message: so a model followed by bytes that hold
only a graph with one initializer is the model with this initializer. The numbers of the fields are those of ``onnx.proto``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

MODEL_GRAPH = 7
GRAPH_NODE, GRAPH_NAME, GRAPH_INITIALIZER, GRAPH_INPUT, GRAPH_OUTPUT = 1, 2, 5, 11, 12
NODE_INPUT, NODE_OUTPUT, NODE_ATTRIBUTE = 1, 2, 5
TENSOR_DIMS, TENSOR_DATA_TYPE, TENSOR_NAME, TENSOR_RAW_DATA = 1, 2, 8, 9
VALUE_NAME, VALUE_TYPE, TYPE_TENSOR, TENSOR_TYPE_ELEMENT, TENSOR_TYPE_SHAPE, SHAPE_DIM, DIM_VALUE = 1, 2, 1, 1, 2, 1, 1
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types
FLOAT = 1  # ONNX's number for float32


class Field(NamedTuple):
    """A field of a serialised message.

    Attributes:
        number: Its number.
        value: Its value, if it is a string, bytes or a message; else empty.
        whole: The field itself, to be copied into another message.
    """

    number: int
    value: bytes
    whole: bytes


def fields(content: bytes) -> Iterator[Field]:
    """Divide a serialised message into its fields.

    Args:
        content: The message.

    Yields:
        Its fields, in order.

    Raises:
        ValueError: It is not a message.
    """
    at = 0
    while at < len(content):
        start = at
        tag, at = _read_varint(content, at)
        wire_type, size = tag & 7, 0
        if wire_type == VARINT:
            _, at = _read_varint(content, at)
        elif wire_type in (FIXED32, FIXED64):
            at += 4 if wire_type == FIXED32 else 8
        elif wire_type == BYTES:
            size, at = _read_varint(content, at)
            at += size
        else:
            raise ValueError(f"not a protocol buffers message: wire type {wire_type}")
        if at > len(content):
            raise ValueError("not a protocol buffers message: it ends within a field")
        yield Field(tag >> 3, content[at - size : at], content[start:at])


def message(field: int, content: bytes) -> bytes:
    """Serialise a field that is a message, a string or bytes."""
    return b"".join([_tag(field, BYTES), _varint(len(content)), content])


def value_info(field: int, name: str, shape: Sequence[int | None] | None = None) -> bytes:
    """Serialise the declaration of a float32 input or output, to be appended to a model.

    Args:
        field: GRAPH_INPUT or GRAPH_OUTPUT.
        name: Its name.
        shape: Its shape, with None for a dimension of any size; None for any shape.
    """
    tensor = _tag(TENSOR_TYPE_ELEMENT, VARINT) + _varint(FLOAT)
    if shape is not None:
        dims = (b"" if size is None else _tag(DIM_VALUE, VARINT) + _varint(size) for size in shape)
        tensor += message(TENSOR_TYPE_SHAPE, b"".join(message(SHAPE_DIM, dim) for dim in dims))
    kind = message(VALUE_TYPE, message(TYPE_TENSOR, tensor))
    return message(MODEL_GRAPH, message(field, message(VALUE_NAME, name.encode()) + kind))


def initializer(name: str, values: npt.NDArray[np.float32]) -> Iterator[bytes | memoryview]:
    """Serialise an initializer, to be appended to a model.

    The values are not copied: a network may have hundreds of megabytes of them.

    Args:
        name: Its name in the graph.
        values: Its values.

    Yields:
        Bytes to append, in order.
    """
    dims = b"".join(_tag(TENSOR_DIMS, VARINT) + _varint(size) for size in values.shape)
    data_type = _tag(TENSOR_DATA_TYPE, VARINT) + _varint(FLOAT)
    data = np.ascontiguousarray(values.reshape(-1), "<f4").view(np.uint8).data
    tensor_size = len(dims) + len(data_type) + _size(TENSOR_NAME, len(name.encode())) + _size(TENSOR_RAW_DATA, len(data))
    yield b"".join([
        _tag(MODEL_GRAPH, BYTES), _varint(_size(GRAPH_INITIALIZER, tensor_size)),
        _tag(GRAPH_INITIALIZER, BYTES), _varint(tensor_size),
        dims, data_type, _tag(TENSOR_NAME, BYTES), _varint(len(name.encode())), name.encode(),
        _tag(TENSOR_RAW_DATA, BYTES), _varint(len(data)),
    ])  # fmt: skip
    yield data


def _size(field: int, length: int) -> int:
    """Bytes that a field of this length takes with its tag."""
    return len(_tag(field, BYTES)) + len(_varint(length)) + length


def _tag(field: int, wire_type: int) -> bytes:
    return _varint(field << 3 | wire_type)


def _varint(number: int) -> bytes:
    """A number in groups of seven bits, the lowest first; the highest bit says that more follow."""
    groups = bytearray()
    while number >= 0x80:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])


def _read_varint(content: bytes, at: int) -> tuple[int, int]:
    """The number at a position, and the position behind it."""
    number = shift = 0
    while True:
        if at >= len(content):
            raise ValueError("not a protocol buffers message: it ends within a number")
        group = content[at]
        number |= (group & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if group < 0x80:
            return number, at
