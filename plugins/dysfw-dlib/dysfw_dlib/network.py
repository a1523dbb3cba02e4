"""dlib's face-recognition ResNet as a torch module, built from the layers in its weight file.

The architecture is that of dlib's examples/dnn_face_recognition_ex.cpp (Davis King): a ResNet-34 (He et al., CVPR 2016) with
fewer layers and half the filters. It has 29 convolutions and 5.6 million parameters.
"""

from __future__ import annotations

from collections import deque
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from dysfw.plugin import Normalise

from .format import Add, Affine, Convolution, Dense, Layer, Link, Network, Pool, Relu

T = TypeVar("T", bound=Layer)


class FaceNet(nn.Module):
    """dlib's face-recognition network.

    The frozen batch normalisation after each convolution is merged into the convolution.

    Args:
        network: The network in the weight file.

    Raises:
        ValueError: If its layers do not match the architecture.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        layers = _Queue(network.layers)
        self.normalise = Normalise(network.mean, (256.0, 256.0, 256.0))
        self.stem = layers.convolution()
        layers.take(Relu)
        self.pool = nn.MaxPool2d(*layers.pool("max"))
        self.blocks = nn.Sequential()
        while layers.starts_with(Link):
            self.blocks.append(_residual(layers))
        layers.pool("average")  # over the whole map
        weight = torch.from_numpy(layers.take(Dense).weight)
        self.project = nn.Linear(weight.shape[0], weight.shape[1], bias=False, device="meta")
        self.project.weight = nn.Parameter(weight.T.contiguous())
        layers.end()

    def forward(self, pixels: Tensor) -> Tensor:
        """Compute embeddings.

        Args:
            pixels: [N, 3, 150, 150], RGB, uint8 or float, 0..255.

        Returns:
            [N, 128], not scaled to length 1, as in dlib.
        """
        x = self.pool(functional.relu(self.stem(self.normalise(pixels))))
        return self.project(self.blocks(x).mean((2, 3)))  # type: ignore[no-any-return]


class Residual(nn.Module):
    """A residual block of two convolutions.

    Args:
        first: First convolution.
        second: Second convolution.
        shortcut: Identity, or in a downsampling block average pooling over 2 x 2 px.
    """

    def __init__(self, first: nn.Conv2d, second: nn.Conv2d, shortcut: nn.Module) -> None:
        super().__init__()
        self.first = first
        self.second = second
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to a map of the same or half the size."""
        y = self.second(functional.relu(self.first(x)))
        x = self.shortcut(x)
        # dlib pads the smaller of two outputs with zeros: the shortcut has fewer channels, and if a map of odd size was
        # halved, the output of the convolutions has fewer rows and columns.
        channels, rows, columns = (a - b for a, b in zip(y.shape[1:], x.shape[1:], strict=True))
        x = functional.pad(x, (0, 0, 0, 0, 0, channels))
        y = functional.pad(y, (0, -columns, 0, -rows))
        return functional.relu(x + y)


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

    def pool(self, kind: str) -> tuple[tuple[int, int], tuple[int, int]]:
        """Take a pooling layer; return its kernel and stride."""
        pool = self.take(Pool)
        if pool.kind != kind or pool.padding != (0, 0):
            raise ValueError(f"not dlib's face-recognition network: found {pool}, expected {kind} pooling without padding")
        return pool.kernel, pool.stride

    def convolution(self) -> nn.Conv2d:
        """Take a convolution and the affine layer after it, merged in float64 so that values are rounded only once."""
        c, affine = self.take(Convolution), self.take(Affine)
        outputs, inputs, *kernel = c.weight.shape
        if len(affine.gain) != outputs:
            raise ValueError(f"an affine layer has {len(affine.gain)} channels, expected {outputs}")
        gain = affine.gain.astype("float64")
        module = nn.Conv2d(
            inputs, outputs, (kernel[0], kernel[1]), c.stride, c.padding, device="meta"
        )  # skips the initialisation
        module.weight = nn.Parameter(torch.from_numpy((c.weight * gain[:, None, None, None]).astype("float32")))
        module.bias = nn.Parameter(torch.from_numpy((c.bias * gain + affine.bias).astype("float32")))
        return module

    def end(self) -> None:
        if self._layers:
            raise ValueError(f"not dlib's face-recognition network: found {len(self._layers)} additional layers")


def _residual(layers: _Queue) -> Residual:
    layers.take(Link)
    first = layers.convolution()
    layers.take(Relu)
    second = layers.convolution()
    shortcut: nn.Module = nn.Identity()
    if layers.starts_with(Link):
        layers.take(Link)
        layers.take(Link)
        shortcut = nn.AvgPool2d(*layers.pool("average"))
    layers.take(Add)
    layers.take(Relu)
    return Residual(first, second, shortcut)
