"""dlib's face-recognition network as a torch module."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from dysfw.plugin import Normalise

from .architecture import Block, ResNet
from .format import Convolution


class FaceNet(nn.Module):
    """dlib's face-recognition network.

    The frozen batch normalisation after each convolution is merged into the convolution.

    Args:
        network: The network in the weight file.
    """

    def __init__(self, network: ResNet) -> None:
        super().__init__()
        self.normalise = Normalise(network.mean, (256.0, 256.0, 256.0))
        self.stem = _convolution(network.stem)
        self.pool = nn.MaxPool2d(*network.pool)
        self.blocks = nn.Sequential(*map(Residual, network.blocks))
        weight = torch.from_numpy(network.projection.copy(order="C"))
        self.project = nn.Linear(weight.shape[1], weight.shape[0], bias=False, device="meta")
        self.project.weight = nn.Parameter(weight)

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
    """A residual block of two convolutions, whose shortcut is the identity or an average pooling over 2 x 2 px.

    Args:
        block: The block.
    """

    def __init__(self, block: Block) -> None:
        super().__init__()
        self.first = _convolution(block.first)
        self.second = _convolution(block.second)
        self.shortcut = nn.AvgPool2d(*block.shortcut) if block.shortcut else nn.Identity()

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


def _convolution(layer: Convolution) -> nn.Conv2d:
    outputs, inputs, height, width = layer.weight.shape
    # "meta" skips the initialisation
    module = nn.Conv2d(inputs, outputs, (height, width), layer.stride, layer.padding, device="meta")
    module.weight = nn.Parameter(torch.from_numpy(layer.weight))
    module.bias = nn.Parameter(torch.from_numpy(layer.bias))
    return module
