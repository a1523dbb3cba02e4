"""A trunk that grows: at first few of its residual blocks are computed, the others join later, each beginning as the identity.

A step with few blocks is several times faster. A block whose last layer is zero adds nothing, so that the trunk goes on as it
was when one joins (Chen et al., Net2Net: accelerating learning via knowledge transfer, ICLR 2016; zero at the end of residual
blocks: Goyal et al., Accurate, large minibatch SGD, arXiv:1706.02677, 2017).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

ALIKE = 3  # a row of so many blocks of one class is a stage of residual blocks


class Depth:
    """The residual blocks of a trunk, of which the first of each row can be computed alone. Until ``grow``, all are.

    trunk: pixels [N, 3, S, S] -> [N, dim]; its blocks' ``forward`` is wrapped until ``restore``. size: S, px.
    """

    def __init__(self, network: nn.Module, size: int) -> None:
        self.rows = _residual_rows(network, size)
        self.share = 1.0
        for row in self.rows:
            for place, block in enumerate(row):
                block.forward = self._wrapped(place, len(row), block.forward)

    def begin(self) -> None:
        """Make every block the identity, or as much of it as its last activation allows."""
        for row in self.rows:
            for block in row:
                layer = [module for module in block.modules() if isinstance(getattr(module, "weight", None), nn.Parameter)][-1]
                for parameter in layer.parameters(recurse=False):
                    nn.init.zeros_(parameter)

    def grow(self, share: float) -> None:
        """Compute this share of each row from now on, rounded up, and one block at least."""
        self.share = share

    def restore(self) -> None:
        """Leave the trunk's blocks as they were called before."""
        for row in self.rows:
            for block in row:
                del block.forward  # the instance's; the class's shows again

    def _wrapped(self, place: int, blocks: int, forward: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        def called(x: Tensor) -> Tensor:
            there = max(1, math.ceil(self.share * blocks - 1e-9))  # 0.1 · 30 is a little more than 3
            return forward(x) if place < there else x

        return called


def _residual_rows(network: nn.Module, size: int) -> list[list[nn.Module]]:
    """Of each sequence the members whose output has their input's shape, among at least ALIKE of their class, with two layers
    or more inside: one convolution with its normalisation is no residual block."""
    sequences = [module for module in network.modules() if isinstance(module, nn.Sequential)]
    candidates = [
        [
            block
            for block in sequence
            if sum(type(other) is type(block) for other in sequence) >= ALIKE
            and sum(parameter.ndim > 1 for parameter in block.parameters()) > 1
        ]
        for sequence in sequences
    ]
    same: set[nn.Module] = set()

    def note(block: nn.Module, inputs: tuple[object, ...], output: object) -> None:
        if (
            len(inputs) == 1
            and isinstance(inputs[0], Tensor)
            and isinstance(output, Tensor)
            and inputs[0].shape == output.shape
        ):
            same.add(block)

    hooks = [block.register_forward_hook(note) for row in candidates for block in row]
    was_training = network.training
    device = next(network.parameters()).device
    with torch.no_grad():
        network.eval()(torch.zeros(1, 3, size, size, dtype=torch.uint8, device=device))
    network.train(was_training)
    for hook in hooks:
        hook.remove()
    rows = [[block for block in row if block in same] for row in candidates]
    return [row for row in rows if row]
