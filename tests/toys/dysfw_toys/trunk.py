"""A trunk in torch, small enough to be trained in a test."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from dysfw.components import Backbone
from dysfw.torchkit import Normalise, Precision, Runner, with_differences
from dysfw.types import Float32, UInt8, Weights


class Net(nn.Module):
    """Its first layer sees brightness alone, however bright the red, the green and the blue are."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, stride=2)
        self.norm = nn.BatchNorm2d(6)
        self.last = nn.Conv2d(6, 8, 3, stride=2)
        with torch.no_grad():
            self.first.weight.copy_(self.first.weight.mean(dim=1, keepdim=True).expand_as(self.first.weight))

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.relu(self.norm(self.first(x)))).mean((2, 3))  # type: ignore[no-any-return]


class GreyTrunk(Backbone):
    """size: px."""

    def __init__(self, size: int = 24, seed: int = 0, device: str = "cpu", precision: Precision = "float32") -> None:
        self._runner = Runner(size, 16, device, precision)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            self.net: nn.Module = Net()
        self.module = self._runner.place(nn.Sequential(Normalise([128] * 3, [64] * 3), self.net))
        self.last_block = frozenset({"last.weight", "last.bias"})

    @property
    def input_size(self) -> int:
        return self._runner.size

    @property
    def dim(self) -> int:
        return 8

    def embed(self, crops: UInt8) -> Float32:
        return self._runner.embed(self.module, crops, 8)

    def variant(self, differences: Mapping[str, Float32]) -> GreyTrunk:
        other = copy.copy(self)
        other.module, other.net = with_differences(self.module, self.net, differences)
        return other

    def weights(self) -> tuple[Weights, ...]:
        content = b"".join(tensor.numpy().tobytes() for tensor in self.net.state_dict().values())
        return (Weights("grey", hashlib.sha256(content).hexdigest(), "CC0-1.0", "made up"),)
