"""The face-recognition ResNet in dlib's weight file: its layers in order, with batch normalisation merged into convolutions."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from dysfw.plugin import Float32

from .format import Add, Affine, Convolution, Dense, Layer, Link, Network, Pair, Pool, Relu

T = TypeVar("T", bound=Layer)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A residual block of two convolutions.

    Attributes:
        first: First convolution.
        second: Second convolution.
        shortcut: Kernel and stride of the average pooling in the shortcut of a downsampling block, else None.
    """

    first: Convolution
    second: Convolution
    shortcut: tuple[Pair, Pair] | None


@dataclass(frozen=True, slots=True, eq=False)
class ResNet:
    """dlib's face-recognition network.

    Attributes:
        size: Side of the crops, px.
        mean: Subtracted from red, green and blue, 0..255.
        stem: First convolution.
        pool: Kernel and stride of the max pooling after it.
        blocks: The residual blocks.
        projection: float32 [128, channels], the last layer.
    """

    size: int
    mean: tuple[float, float, float]
    stem: Convolution
    pool: tuple[Pair, Pair]
    blocks: tuple[Block, ...]
    projection: Float32

    @classmethod
    def of(cls, network: Network) -> ResNet:
        """Recognise the layers of a weight file.

        Args:
            network: The network in the weight file.

        Raises:
            ValueError: If its layers do not match the architecture.
        """
        layers = _Queue(network.layers)
        stem = layers.convolution()
        layers.take(Relu)
        pool = layers.pool("max")
        blocks = []
        while layers.starts_with(Link):
            blocks.append(_block(layers))
        layers.pool("average")  # over the whole map
        projection = layers.take(Dense).weight.T
        layers.end()
        return cls(network.size, network.mean, stem, pool, tuple(blocks), projection)

    def tensors(self) -> Mapping[str, Float32]:
        """The weights, by the names of the tensors in ``dysfw_dlib.module.FaceNet``."""
        convolutions = {"stem": self.stem}
        for number, block in enumerate(self.blocks):
            convolutions |= {f"blocks.{number}.first": block.first, f"blocks.{number}.second": block.second}
        named = {f"{name}.weight": one.weight for name, one in convolutions.items()}
        named |= {f"{name}.bias": one.bias for name, one in convolutions.items()}
        return named | {"project.weight": self.projection}


class _Queue:
    """The remaining layers; raises ValueError if the next is not the expected one."""

    def __init__(self, layers: tuple[Layer, ...]) -> None:
        self._layers = deque(layers)

    def starts_with(self, kind: type[Layer]) -> bool:
        return bool(self._layers) and isinstance(self._layers[0], kind)

    def take(self, kind: type[T]) -> T:
        layer = self._layers.popleft() if self._layers else None
        if not isinstance(layer, kind):
            found = type(layer).__name__ if layer else "the end"
            raise ValueError(f"not dlib's face-recognition network: found {found}, expected {kind.__name__}")
        return layer

    def pool(self, kind: str) -> tuple[Pair, Pair]:
        """Take a pooling layer; return its kernel and stride."""
        pool = self.take(Pool)
        if pool.kind != kind or pool.padding != (0, 0):
            raise ValueError(f"not dlib's face-recognition network: found {pool}, expected {kind} pooling without padding")
        return pool.kernel, pool.stride

    def convolution(self) -> Convolution:
        """Take a convolution and the affine layer after it, merged in float64 so that values are rounded only once."""
        c, affine = self.take(Convolution), self.take(Affine)
        if len(affine.gain) != len(c.weight):
            raise ValueError(f"an affine layer has {len(affine.gain)} channels, expected {len(c.weight)}")
        gain = affine.gain.astype("float64")
        weight = (c.weight * gain[:, None, None, None]).astype("float32")
        return Convolution(weight, (c.bias * gain + affine.bias).astype("float32"), c.stride, c.padding)

    def end(self) -> None:
        if self._layers:
            raise ValueError(f"not dlib's face-recognition network: found {len(self._layers)} additional layers")


def _block(layers: _Queue) -> Block:
    layers.take(Link)
    first = layers.convolution()
    layers.take(Relu)
    second = layers.convolution()
    shortcut = None
    if layers.starts_with(Link):
        layers.take(Link)
        layers.take(Link)
        shortcut = layers.pool("average")
    layers.take(Add)
    layers.take(Relu)
    return Block(first, second, shortcut)
