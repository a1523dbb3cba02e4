"""Finds the files beside an ONNX file that hold its weights, as exporters write them for large networks."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

from ..util.text import listed
from .protobuf import GRAPH_INITIALIZER, GRAPH_NODE, MODEL_GRAPH, NODE_ATTRIBUTE, fields

ATTRIBUTE_TENSOR, ATTRIBUTE_GRAPH, ATTRIBUTE_TENSORS, ATTRIBUTE_GRAPHS = 5, 6, 10, 11
TENSOR_EXTERNAL_DATA, ENTRY_KEY, ENTRY_VALUE = 13, 1, 2
LOCATION = b"location"


def external_files(model: Path) -> tuple[Path, ...]:
    """List the files to which an ONNX file refers for its weights.

    Args:
        model: The ONNX file.

    Returns:
        Their paths, sorted; usually none, or one.

    Raises:
        ValueError: A file is missing or outside the folder of the model.
    """
    with model.open("rb") as file:
        if not model.stat().st_size:
            return ()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if content.find(LOCATION) < 0:  # almost always, and at once
                return ()
            names = set(_locations(content[:]))
    folder = model.parent.resolve()
    paths = {name: (folder / name).resolve() for name in sorted(names)}
    if outside := [name for name, path in paths.items() if not path.is_relative_to(folder)]:
        raise ValueError(f"{model} refers to weights in {listed(map(repr, outside))}, which is not in its folder")
    if missing := [name for name, path in paths.items() if not path.is_file()]:
        raise ValueError(f"{model} refers to weights in {listed(map(repr, missing))}: no such file; put it beside the model")
    return tuple(paths.values())


def _locations(model: bytes) -> Iterator[str]:
    for field in fields(model):
        if field.number == MODEL_GRAPH:
            yield from _in_graph(field.value)


def _in_graph(graph: bytes) -> Iterator[str]:
    for field in fields(graph):
        if field.number == GRAPH_INITIALIZER:
            yield from _in_tensor(field.value)
        elif field.number == GRAPH_NODE:
            for attribute in (one.value for one in fields(field.value) if one.number == NODE_ATTRIBUTE):
                yield from _in_attribute(attribute)


def _in_attribute(attribute: bytes) -> Iterator[str]:
    for field in fields(attribute):
        if field.number in (ATTRIBUTE_GRAPH, ATTRIBUTE_GRAPHS):
            yield from _in_graph(field.value)
        elif field.number in (ATTRIBUTE_TENSOR, ATTRIBUTE_TENSORS):
            yield from _in_tensor(field.value)


def _in_tensor(tensor: bytes) -> Iterator[str]:
    for entry in (field.value for field in fields(tensor) if field.number == TENSOR_EXTERNAL_DATA):
        pair = {field.number: field.value for field in fields(entry)}
        if pair.get(ENTRY_KEY) == LOCATION:
            yield pair.get(ENTRY_VALUE, b"").decode("utf-8", "replace")
