"""Adds an initializer to a serialised ONNX model, without a library that would be larger than all of dysfw.

In the protocol buffers format, a message whose field occurs twice is the merged message: so a model followed by bytes that hold
only a graph with one initializer is the model with this initializer. The numbers of the fields are those of ``onnx.proto``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

MODEL_GRAPH, GRAPH_INITIALIZER = 7, 5
TENSOR_DIMS, TENSOR_DATA_TYPE, TENSOR_NAME, TENSOR_RAW_DATA = 1, 2, 8, 9
VARINT, BYTES = 0, 2  # wire types
FLOAT = 1  # ONNX's number for float32


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
