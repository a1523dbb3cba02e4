"""Networks as ONNX graphs without weights, which are filled from a weight file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DysfwError
from ..util.text import listed
from .protobuf import initializer

MAX_NAMES = 5  # tensors that an error names
COUNTER = ".num_batches_tracked"  # torch counts the batches of a training; predictions do not need it
Tensors = Mapping[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, slots=True, eq=False)
class NetworkGraph:
    """A network as an ONNX graph without weights.

    Its input is crops uint8 [N, size, size, 3], RGB. Pixels are normalised inside. It leaves N and size open.

    Attributes:
        name: Its name.
        content: The ONNX graph, in which the initializers in ``tensors`` are missing.
        tensors: Shapes of the tensors that it needs, by their names in weight files.
        config: What else the plugin noted of the network.
    """

    name: str
    content: bytes
    tensors: Mapping[str, tuple[int, ...]]
    config: Mapping[str, Any]

    def check(self, shapes: Mapping[str, tuple[int, ...]], origin: str, *, ignore: Sequence[str] = ()) -> None:
        """Check that a weight file fits the network.

        Args:
            shapes: Shapes of its tensors by name.
            origin: The file, for errors.
            ignore: Names of layers that the network does not have and whose tensors are ignored, such as a classifier.

        Raises:
            ValueError: A tensor is missing, unexpected or of the wrong shape.
        """
        needed = {name: shape for name, shape in shapes.items() if not name.endswith(COUNTER)}
        refuse_misfits(needed, self.tensors, origin, ignore)

    def filled(self, tensors: Tensors) -> bytes:
        """Add the weights to the graph.

        Args:
            tensors: The tensors by name, of the shapes in ``tensors``; superfluous ones are ignored.

        Returns:
            A complete ONNX model.
        """
        initializers = (initializer(name, np.asarray(tensors[name], np.float32)) for name in self.tensors)
        return b"".join(chain([self.content], chain.from_iterable(initializers)))


def packaged_graph(package: str, name: str) -> NetworkGraph | None:
    """Read a graph that ships with a plugin, written by ``tools/graphs``.

    Args:
        package: The package, whose folder ``graphs`` contains NAME.onnx and NAME.json.
        name: Name of the network.

    Returns:
        The graph; None if there is none of this name.

    Raises:
        DysfwError: A file is damaged.
    """
    folder = resources.files(package) / "graphs"
    model, description = folder / f"{name}.onnx", folder / f"{name}.json"
    if not model.is_file() and not description.is_file():
        return None
    try:
        content, described = model.read_bytes(), json.loads(description.read_text("utf-8"))
        tensors = {tensor: tuple(shape) for tensor, shape in described["tensors"].items()}
        config = dict(described["config"])
        intact = hashlib.sha256(content).hexdigest() == described["sha256"]
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        intact = False
    if not intact:
        raise DysfwError(f"the graph {model} is damaged", hint=f"reinstall {package.partition('.')[0].replace('_', '-')}")
    return NetworkGraph(name, content, tensors, config)


def refuse_misfits(
    found: Mapping[str, tuple[int, ...]], expected: Mapping[str, tuple[int, ...]], origin: str, ignore: Sequence[str] = ()
) -> None:
    """Compare the tensors of a weight file with those of a network.

    Args:
        found: Shapes by name in the file.
        expected: Shapes by name in the network.
        origin: The file, for errors.
        ignore: Names of layers that the network does not have and whose tensors are ignored.

    Raises:
        ValueError: A tensor is missing, unexpected or of the wrong shape.
    """
    unexpected = [
        name for name in found.keys() - expected.keys() if not name.startswith(tuple(f"{layer}." for layer in ignore))
    ]
    wrong = {
        name: f" {list(found[name])} for {list(expected[name])}"
        for name in expected.keys() & found.keys()
        if tuple(found[name]) != tuple(expected[name])
    }
    problems = [
        _counted("missing", expected.keys() - found.keys(), {}),
        _counted("unexpected", unexpected, {}),
        _counted("of the wrong shape", wrong, wrong),
    ]
    if any(problems):
        raise ValueError(f"{origin} does not fit this model: {'; '.join(filter(None, problems))}")


def _counted(what: str, names: Iterable[str], notes: Mapping[str, str]) -> str:
    every = sorted(names)
    return f"{len(every)} {what} ({listed([name + notes.get(name, '') for name in every], MAX_NAMES)})" if every else ""
