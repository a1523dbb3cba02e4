"""Base class of backbones whose network is there as a torch module, and possibly also as an ONNX graph."""

from __future__ import annotations

import copy
import threading
from abc import abstractmethod
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Self

import numpy as np

from ..contracts.components import Backbone
from ..errors import DysfwError
from ..types import Float32, Precision, UInt8
from ..util.out_of_memory import ShrinkingBatches
from .choose import TORCH, choose_runtime, has_torch, runtime_version
from .graph import NetworkGraph, Tensors
from .network import GraphNetwork

if TYPE_CHECKING:
    from torch import nn

    from .torch_utils import TorchNetwork


class NetworkBackbone(Backbone):
    """A backbone whose network is there as a torch module, and possibly also as an ONNX graph.

    ``module`` is there in every runtime: it is built when it is asked for. A subclass calls this constructor last, because it
    builds the network.

    Args:
        size: Side of the crops, px.
        batch_size: Maximum number of crops per call.
        device: Device to compute on, such as "cpu" or "cuda:0".
        precision: "float32" or "bfloat16".
        runtime: "auto", "torch" or the name of a runtime.
        graph: The network as an ONNX graph; None if it is there as a torch module only.
        compile: Whether torch compiles the network; then only torch can be used.

    Raises:
        ValueError: If a value is invalid, the device is not available, or the weights do not fit the network.
        DysfwError: If no installed runtime can execute the network.
    """

    def __init__(
        self,
        *,
        size: int,
        batch_size: int,
        device: str,
        precision: Precision,
        runtime: str,
        graph: NetworkGraph | None,
        compile: bool = False,
    ) -> None:
        if size < 1 or batch_size < 1:
            raise ValueError(f"size and batch_size must be 1 or more, found size {size} and batch_size {batch_size}")
        if precision not in ("float32", "bfloat16"):
            raise ValueError(f'precision must be "float32" or "bfloat16", found {precision!r}')
        if compile and runtime not in ("auto", TORCH):
            raise ValueError(f"compile is for torch only, found runtime {runtime}; remove one of them")
        if compile and not has_torch():
            raise DysfwError("compile needs torch, which is not installed", hint="pip install torch, or set compile to false")
        self._size, self._batch_size, self._compile = size, batch_size, compile
        self._device, self._precision = device, precision
        self._runtime = choose_runtime(runtime, device, precision, graph=graph is not None and not compile)
        self._deltas: Mapping[str, Float32] = {}
        self._torch: TorchNetwork | None = None
        self._building = threading.Lock()
        self._graph: GraphNetwork | None = None
        if self._runtime == TORCH:
            # The weights are known to fit a network that is also there as a graph. Others are compared while it is built.
            if graph is None or device != "cpu":
                self._torch = self._build_torch()
        else:
            assert graph is not None  # noqa: S101  # or choose_runtime refuses
            batches = ShrinkingBatches(batch_size)
            self._graph = GraphNetwork(graph, self.read_tensors, size, batches, self._runtime, device, precision)

    @abstractmethod
    def build_module(self) -> tuple[nn.Module, nn.Module]:
        """Build the network in torch, with its weights.

        Returns:
            ``module`` and ``net``, as in ``dysfw.runtime.torch_utils.Trainable``.

        Raises:
            ValueError: If the weights do not fit the network.
        """

    @abstractmethod
    def read_tensors(self, names: Collection[str]) -> Tensors:
        """Read weights, by the names that the graph and the weight file use.

        Args:
            names: The tensors that are needed; others may be left out.

        Returns:
            The tensors by name.
        """

    def pool(self, features: Float32) -> Float32:
        """Turn the output of the graph into embeddings.

        Args:
            features: float32 [N, …].

        Returns:
            float32 [N, dim].
        """
        return features

    @property
    def input_size(self) -> int:
        """Side of the crops, px."""
        return self._size

    @property
    def module(self) -> nn.Module:
        """The network from pixels to embeddings in torch, see ``dysfw.runtime.torch_utils.Trainable``."""
        return self._in_torch().module

    def embed(self, crops: UInt8) -> Float32:
        """Compute embeddings.

        Args:
            crops: uint8 [N, size, size, 3], RGB.

        Returns:
            float32 [N, dim].

        Raises:
            ValueError: If the crops have another shape or type.
        """
        if self._graph is None:
            if crops.dtype == np.uint8 and crops.shape == (0, self._size, self._size, 3):
                return np.empty((0, self.dim), np.float32)  # without loading the network
            return self._in_torch().embed(crops, self.dim)
        return np.concatenate([np.empty((0, self.dim), np.float32), *map(self.pool, self._graph.features(crops))])

    def measured_dim(self) -> int:
        """Determine the length of an embedding by computing one.

        Raises:
            RuntimeError: If the network does not support crops of this size.
        """
        crop = np.zeros((1, self._size, self._size, 3), np.uint8)
        if self._graph is None:
            return int(self._in_torch().run(crop).shape[1])
        return int(self.pool(self._graph.features(crop)[0]).shape[1])

    def load(self) -> None:
        """Load the network, see ``dysfw.contracts.components.Component.load``."""
        if self._graph is None:
            self._in_torch()
        else:
            self._graph.open()

    def runtimes(self) -> tuple[str, ...]:
        """What executes the network, with its version."""
        return (runtime_version(self._runtime),)

    def _in_torch(self) -> TorchNetwork:
        """The network in torch; built when it is first needed if another runtime executes it."""
        with self._building:
            if self._torch is None:
                self._torch = self._build_torch()
            return self._torch

    def _build_torch(self) -> TorchNetwork:
        choose_runtime(TORCH, self._device, self._precision, graph=False)  # says what to do if torch is not installed
        from .torch_utils import TorchNetwork, TorchRunner

        runner = TorchRunner(self._size, self._batch_size, self._device, self._precision, compile=self._compile)
        module, net = self.build_module()
        network = TorchNetwork(runner, runner.place(module), net)
        return network.with_weight_deltas(self._deltas) if self._deltas else network


class TunableBackbone(NetworkBackbone):
    """A backbone that can be trained and fine-tuned: ``dysfw.runtime.torch_utils.Tunable`` in every runtime.

    Its arguments are those of ``NetworkBackbone``.
    """

    @property
    def net(self) -> nn.Module:
        """The part of ``module`` whose tensors a weight file contains."""
        return self._in_torch().net

    @property
    @abstractmethod
    def last_block(self) -> frozenset[str]:
        """Names of the tensors of ``net`` from its last block on, for fine-tuning that freezes all other tensors."""

    def variant(self, differences: Mapping[str, Float32]) -> Self:
        """Return a copy with changed weights, see ``dysfw.contracts.components.SupportsWeightDelta``."""
        other = copy.copy(self)
        other._building = threading.Lock()
        if self._graph is None:
            other._torch = self._in_torch().with_weight_deltas(differences)
        else:
            other._torch, other._graph = None, self._graph.with_weight_deltas(differences)
        both = {name: self._deltas[name] + differences[name] for name in self._deltas.keys() & differences.keys()}
        other._deltas = {**self._deltas, **differences, **both}
        return other
