"""Embeds crops with a network in an ONNX graph: what ``TorchRunner`` is for networks in torch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..contracts.runtime import Array, Session
from ..types import Float32, UInt8
from ..util.out_of_memory import ShrinkingBatches
from .choose import open_session
from .cut import Cut, cut_before
from .graph import NetworkGraph, Tensors
from .protobuf import GRAPH_INPUT, value_info


@dataclass(slots=True, eq=False)
class _Parts:
    """What a network and its variants share.

    Attributes:
        cuts: Where the network is cut if weights of these names change.
        bases: The first part, by the tensor at which it ends.
    """

    cuts: dict[frozenset[str], Cut | None] = field(default_factory=dict)
    bases: dict[str, GraphNetwork] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class GraphNetwork:
    """A network in an ONNX graph with weights, in one runtime.

    A variant of it that changes only the last layers shares everything before them: the graph is cut in two, and the runtime
    opens the first part once for the network and all its variants.

    Attributes:
        graph: The graph without weights.
        read: Reads weights by their names. It is called again for each variant, so that they are not kept in memory twice.
        size: Side of the crops, px.
        batches: Crops per call, also of its variants.
        runtime: What ``dysfw.runtime.choose.choose_runtime`` returned.
        device: Device to compute on.
        precision: "float32" or "bfloat16".
        deltas: What is added to some of the weights, by name.
    """

    graph: NetworkGraph
    read: Callable[[Collection[str]], Tensors]
    size: int
    batches: ShrinkingBatches
    runtime: str
    device: str
    precision: str
    deltas: Mapping[str, Float32] = field(default_factory=dict)
    _parts: _Parts = field(default_factory=_Parts)
    _session: Session | None = None
    _opening: threading.Lock = field(default_factory=threading.Lock)

    def features(self, crops: UInt8) -> list[Float32]:
        """Run the network.

        Args:
            crops: uint8 [N, size, size, 3], RGB, N >= 0.

        Returns:
            Its output for each batch, float32.

        Raises:
            ValueError: The crops have another type or shape.
        """
        side = self.size
        if crops.dtype != np.uint8 or crops.shape[1:] != (side, side, 3):
            raise ValueError(f"crops must be uint8 [N, {side}, {side}, 3], found {crops.dtype} {list(crops.shape)}")
        return list(self.batches.run(self._run, crops))

    def embed(self, crops: UInt8, dim: int) -> Float32:
        """Embed crops with a network whose output is the embedding.

        Args:
            crops: As in ``features``.
            dim: Length of an embedding.

        Returns:
            float32 [N, dim].

        Raises:
            ValueError: As in ``features``.
        """
        return np.concatenate([np.empty((0, dim), np.float32), *self.features(crops)])

    def with_weight_deltas(self, deltas: Mapping[str, Float32]) -> GraphNetwork:
        """Copy the network and add differences to some of its weights.

        Args:
            deltas: What to add, by name.

        Returns:
            The changed network.

        Raises:
            ValueError: A name or shape does not fit the network.
        """
        for name, delta in deltas.items():
            if name not in self.graph.tensors or self.graph.tensors[name] != delta.shape:
                shape = list(self.graph.tensors[name]) if name in self.graph.tensors else "no such tensor"
                raise ValueError(f"{name}: {list(delta.shape)} cannot be added to {shape}")
        both = {name: self.deltas[name] + deltas[name] for name in self.deltas.keys() & deltas.keys()}
        variant = GraphNetwork(
            self.graph, self.read, self.size, self.batches, self.runtime, self.device, self.precision,
            {**self.deltas, **deltas, **both}, self._parts,
        )  # fmt: skip
        variant._cut()  # before the original is opened, so that it also uses the base
        return variant

    def open(self) -> Session:
        """Return the network in its runtime. It is opened once; other threads wait for it.

        Raises:
            DysfwError: The runtime cannot be imported.
            ValueError: The runtime cannot execute the network.
        """
        with self._opening:
            if self._session is None:
                self._session = self._open()
            return self._session

    def _run(self, crops: UInt8) -> Float32:
        return self.open()(np.ascontiguousarray(crops))[0].astype(np.float32, copy=False)

    def _cut(self) -> Cut | None:
        """Where this network is cut; None if it is not, because it has no variants or changes too much."""
        parts = self._parts
        if not self.deltas:
            return next((cut for cut in parts.cuts.values() if cut), None)
        changed = frozenset(self.deltas)
        if changed not in parts.cuts:
            cut = parts.cuts[changed] = cut_before(self.graph, changed)
            if cut and cut.tensor not in parts.bases:
                parts.bases[cut.tensor] = GraphNetwork(
                    cut.base, self.read, self.size, self.batches, self.runtime, self.device, self.precision
                )
        return parts.cuts[changed]

    def _open(self) -> Session:
        cut = self._cut()
        if cut is None:
            return self._opened(self.graph.filled(self._tensors(self.graph)))
        base = self._parts.bases[cut.tensor].open()
        declared = value_info(GRAPH_INPUT, cut.tensor, base.outputs[0].shape)
        return _Joined(base, self._opened(cut.tail.filled(self._tensors(cut.tail)) + declared))

    def _opened(self, model: bytes) -> Session:
        return open_session(self.runtime, model, self.device, self.precision, sizes={"size": self.size})

    def _tensors(self, graph: NetworkGraph) -> Tensors:
        """The weights of a graph with their deltas."""
        tensors = self.read(graph.tensors.keys())
        changed = self.deltas.keys() & graph.tensors.keys()
        return {**tensors, **{name: np.asarray(tensors[name], np.float32) + self.deltas[name] for name in changed}}


class _Joined(Session):
    """The two parts of a network as one."""

    def __init__(self, base: Session, tail: Session) -> None:
        self._base, self._tail = base, tail
        self.inputs, self.outputs = base.inputs, tail.outputs

    def __call__(self, array: Array) -> tuple[Array, ...]:
        """Run the network on its only input."""
        return self._tail(self._base(array)[0])
