"""MTCNN's three networks as functions of arrays, in torch or as ONNX graphs in a runtime."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from threading import Lock

import numpy as np

from dysfw.plugin import (
    DysfwError,
    Float32,
    NetworkGraph,
    Session,
    Tensors,
    Weights,
    choose_runtime,
    open_session,
    packaged_graph,
    read_weights,
)

NAMES = ("pnet", "rnet", "onet")
PRECISION = "float32"  # the networks are too small to gain from less
Network = Callable[[Float32], Float32]


@dataclass(frozen=True, slots=True, eq=False)
class Networks:
    """The networks. The first output of each is a logit, the next four are shifts of the box's edges.

    Attributes:
        pnet: Proposes windows: canvases [N, 4, H, W], see ``dysfw_facenet.pyramid``, to [N, 5, windows down, windows across].
        rnet: Refines candidates: crops [B, 3, 24, 24] to [B, 5].
        onet: Describes faces: crops [B, 3, 48, 48] to [B, 15]; the last ten are the landmarks, five x and five y.
        runtime: What ``choose_runtime`` returned.
    """

    pnet: Network
    rnet: Network
    onet: Network
    runtime: str

    def open(self) -> None:
        """Run each network once. Runtimes open a network when it is first called."""
        self.pnet(np.zeros((1, 4, 24, 24), np.float32))
        self.rnet(np.zeros((1, 3, 24, 24), np.float32))
        self.onet(np.zeros((1, 3, 48, 48), np.float32))


def load(requested: str, device: str) -> Networks:
    """Load the networks.

    Args:
        requested: "auto", "torch" or the name of a runtime.
        device: Device to compute on, such as "cpu" or "cuda:0".

    Raises:
        DysfwError: If the runtime is not installed or does not support the device, or a file of this plugin is damaged.
        ValueError: If the device is not available.
    """
    runtime = choose_runtime(requested, device, PRECISION, graph=True)
    pnet, rnet, onet = (_function(name, runtime, device) for name in NAMES)
    return Networks(pnet, _padded(rnet), _padded(onet), runtime)


@cache
def weight_files() -> tuple[Weights, ...]:
    """The weight files that the networks were made from, by their names, hashes and origins in facenet-pytorch's wheel.

    Raises:
        DysfwError: If a file of this plugin is damaged.
    """
    configs = {name: _graph(name).config for name in NAMES}
    return tuple(Weights(f"mtcnn-{name}", one["original_sha256"], "MIT", one["original"]) for name, one in configs.items())


@dataclass(slots=True, eq=False)
class GraphFunction:
    """A network as a function of arrays, opened when it is first called.

    Attributes:
        name: Its name.
        runtime: What executes it.
        device: Device to compute on.
    """

    name: str
    runtime: str
    device: str
    _session: Session | None = None
    _lock: Lock = field(default_factory=Lock)  # a session serves one thread at a time

    def __call__(self, array: Float32) -> Float32:
        """Run the network."""
        with self._lock:
            if self._session is None:
                model = _graph(self.name).filled(_tensors(self.name))
                self._session = open_session(self.runtime, model, self.device, PRECISION)
            return self._session(np.ascontiguousarray(array))[0].astype(np.float32, copy=False)


def _function(name: str, runtime: str, device: str) -> Network:
    tensors = _tensors(name)  # also in other runtimes: a damaged file must be reported before work begins
    if runtime != "torch":
        return GraphFunction(name, runtime, device)
    from .torch_networks import torch_function

    return torch_function(name, tensors, device)


def _padded(network: Network) -> Network:
    """Add empty crops so that batches have few sizes, because runtimes plan again for each new size."""

    def run(crops: Float32) -> Float32:
        count = len(crops)
        step = 2 ** max(0, count.bit_length() - 3)  # four sizes from one power of two to the next
        return network(np.pad(crops, ((0, -count % step), (0, 0), (0, 0), (0, 0))))[:count]

    return run


@cache
def _graph(name: str) -> NetworkGraph:
    graph = packaged_graph(__package__, name)
    if graph is None:
        raise DysfwError(f"{name}.onnx is missing in dysfw-facenet", hint="reinstall dysfw-facenet")
    return graph


@cache
def _tensors(name: str) -> Tensors:
    """The weights of a network; 2 MB for all of them."""
    with resources.as_file(resources.files(__package__) / "graphs" / f"{name}.safetensors") as path:
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != _graph(name).config["weights_sha256"]:
            raise DysfwError(f"the weights {path} are damaged or missing", hint="reinstall dysfw-facenet")
        return read_weights(path)
