"""Inception-ResNet-v2 in torch, with the tensor names and results of timm's.

Importing timm also imports torchvision and torch's compiler, which takes longer than importing torch itself. This network is
that of the shipped recipes, so it is built without them.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

MEAN = STD = (0.5, 0.5, 0.5)  # that it expects, for pixels 0..1
LAST_BLOCK = ("block8.", "conv2d_7b.")  # what fine-tuning of the last block trains
EPSILON = 1e-3  # of batch normalisation

Kernel = int | tuple[int, int]
Layer = tuple[int, Kernel] | tuple[int, Kernel, int]  # channels, kernel and, if not 1, stride


class EmptyConv2d(nn.Conv2d):
    """A convolution whose weights are not initialised, because those of a file replace them: random numbers take longer."""

    def reset_parameters(self) -> None:
        """Leave the weights as they are."""


class Convolution(nn.Module):
    """A convolution with batch normalisation and ReLU.

    Args:
        before: Channels of the input.
        channels: Channels of the output.
        kernel: Its kernel, px.
        stride: Its stride, px.
        padded: Whether the input is padded, so that a stride of 1 keeps its size.
    """

    def __init__(self, before: int, channels: int, kernel: Kernel, stride: int = 1, *, padded: bool = True) -> None:
        super().__init__()
        sides = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding = (sides[0] // 2, sides[1] // 2) if padded else 0
        self.conv = EmptyConv2d(before, channels, sides, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(channels, EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, before, H, W] to [N, channels, H', W']."""
        return self.bn(self.conv(x)).relu_()  # type: ignore[no-any-return]


class Branches(nn.Module):
    """Branches with the same input, whose outputs are concatenated.

    Args:
        branches: The branches.
    """

    def __init__(self, branches: Iterable[nn.Module]) -> None:
        super().__init__()
        for number, branch in enumerate(branches):
            self.add_module(f"branch{number}", branch)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, channels of all branches, H', W']."""
        return torch.cat([branch(x) for name, branch in self.named_children() if name.startswith("branch")], 1)


class Residual(Branches):
    """Branches whose concatenated output, after another convolution, is added to the input.

    Args:
        channels: Channels of input and output.
        branches: Layers of each branch.
        scale: What the output is multiplied by.
        activated: Whether a ReLU follows.
    """

    def __init__(self, channels: int, branches: Iterable[list[Layer]], scale: float, *, activated: bool = True) -> None:
        layers = list(branches)
        super().__init__(branch(channels, one) for one in layers)
        self.conv2d = EmptyConv2d(sum(one[-1][0] for one in layers), channels, 1)
        self.scale, self.activated = scale, activated

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, channels, H, W] to the same shape."""
        x = self.conv2d(super().forward(x)) * self.scale + x
        return x.relu_() if self.activated else x


def branch(before: int, layers: list[Layer]) -> nn.Module:
    """Layers in a row. Those with a stride are not padded.

    Args:
        before: Channels of the input.
        layers: The layers.
    """
    built = []
    for layer in layers:
        built.append(Convolution(before, *layer, padded=len(layer) == 2))
        before = layer[0]
    return built[0] if len(built) == 1 else nn.Sequential(*built)


class InceptionResnetV2(nn.Module):
    """Inception-ResNet-v2 (Szegedy et al., AAAI 2017) without its classifier, in timm's variant.

    Its tensors have any values until those of a file are loaded.

    Attributes:
        num_features: Channels of the last feature map.
    """

    num_features = 1536

    def __init__(self) -> None:
        super().__init__()
        self.conv2d_1a = Convolution(3, 32, 3, 2, padded=False)
        self.conv2d_2a = Convolution(32, 32, 3, padded=False)
        self.conv2d_2b = Convolution(32, 64, 3)
        self.maxpool_3a = nn.MaxPool2d(3, 2)
        self.conv2d_3b = Convolution(64, 80, 1)
        self.conv2d_4a = Convolution(80, 192, 3, padded=False)
        self.maxpool_5a = nn.MaxPool2d(3, 2)
        average = nn.AvgPool2d(3, 1, 1, count_include_pad=False)
        self.mixed_5b = Branches([
            branch(192, [(96, 1)]),
            branch(192, [(48, 1), (64, 5)]),
            branch(192, [(64, 1), (96, 3), (96, 3)]),
            nn.Sequential(average, branch(192, [(64, 1)])),
        ])  # fmt: skip
        a: list[list[Layer]] = [[(32, 1)], [(32, 1), (32, 3)], [(32, 1), (48, 3), (64, 3)]]
        self.repeat = nn.Sequential(*(Residual(320, a, 0.17) for _ in range(10)))
        self.mixed_6a = Branches([
            branch(320, [(384, 3, 2)]), branch(320, [(256, 1), (256, 3), (384, 3, 2)]), nn.MaxPool2d(3, 2),
        ])  # fmt: skip
        b: list[list[Layer]] = [[(192, 1)], [(128, 1), (160, (1, 7)), (192, (7, 1))]]
        self.repeat_1 = nn.Sequential(*(Residual(1088, b, 0.1) for _ in range(20)))
        self.mixed_7a = Branches([
            branch(1088, [(256, 1), (384, 3, 2)]),
            branch(1088, [(256, 1), (288, 3, 2)]),
            branch(1088, [(256, 1), (288, 3), (320, 3, 2)]),
            nn.MaxPool2d(3, 2),
        ])  # fmt: skip
        c: list[list[Layer]] = [[(192, 1)], [(192, 1), (224, (1, 3)), (256, (3, 1))]]
        self.repeat_2 = nn.Sequential(*(Residual(2080, c, 0.2) for _ in range(9)))
        self.block8 = Residual(2080, c, 1.0, activated=False)
        self.conv2d_7b = Convolution(2080, self.num_features, 1)

    def forward_features(self, x: Tensor) -> Tensor:
        """Compute the last feature map.

        Args:
            x: float32 [N, 3, H, W], normalised, H and W 75 or more.

        Returns:
            float32 [N, 1536, H', W'].
        """
        for layer in self.children():  # they are in the order of their use
            x = layer(x)
        return x
