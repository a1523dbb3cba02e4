"""Embeds crops with a network in an ONNX graph: what ``TorchRunner`` is for networks in torch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..contracts.runtime import Session
from ..types import Float32, UInt8
from ..util.out_of_memory import ShrinkingBatches
from .choose import open_session
from .graph import NetworkGraph, Tensors


@dataclass(slots=True, eq=False)
class GraphNetwork:
    """A network in an ONNX graph with weights, in one runtime.

    Attributes:
        graph: The graph without weights.
        read: Reads the weights. It is called again for each variant, so that they are not kept in memory twice.
        size: Side of the crops, px.
        batches: Crops per call.
        runtime: What ``dysfw.runtime.choose.choose_runtime`` returned.
        device: Device to compute on.
        precision: "float32" or "bfloat16".
        deltas: What is added to some of the weights, by name.
    """

    graph: NetworkGraph
    read: Callable[[], Tensors]
    size: int
    batches: ShrinkingBatches
    runtime: str
    device: str
    precision: str
    deltas: Mapping[str, Float32] = field(default_factory=dict)
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
        batches = ShrinkingBatches(self.batches.size)
        return GraphNetwork(
            self.graph, self.read, self.size, batches, self.runtime, self.device, self.precision, {**self.deltas, **deltas}
        )

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

    def _open(self) -> Session:
        return open_session(
            self.runtime, self.graph.filled(self._tensors()), self.device, self.precision, sizes={"size": self.size}
        )

    def _tensors(self) -> Tensors:
        """The weights with their deltas."""
        tensors = self.read()
        return {**tensors, **{name: np.asarray(tensors[name], np.float32) + delta for name, delta in self.deltas.items()}}
