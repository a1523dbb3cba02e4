"""Stochastic depth (Huang et al., Deep networks with stochastic depth, ECCV 2016): some residual blocks are left out of a step.

A block that is left out costs nothing, so that a step with few blocks is several times faster. A draw holds for a whole batch.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

ALIKE = 3  # a row of so many blocks of one class is a stage of residual blocks


class Depth:
    """The residual blocks of a trunk, any of which can be left out. Until ``draw`` is called, all are computed.

    trunk: pixels [N, 3, S, S] -> [N, dim]; its blocks' ``forward`` is wrapped until ``restore``. size: S, px.
    """

    def __init__(self, trunk: nn.Module, size: int) -> None:
        self.blocks = _residual_blocks(trunk, size)
        self.kept = [True] * len(self.blocks)
        for index, block in enumerate(self.blocks):
            block.forward = self._wrapped(index, block.forward)

    def draw(self, chance: float, rng: np.random.Generator) -> None:
        """Keep each block with this chance until the next draw."""
        self.kept = (rng.random(len(self.blocks)) < chance).tolist()

    def restore(self) -> None:
        """Leave the trunk as it was."""
        for block in self.blocks:
            del block.forward  # the instance's; the class's shows again

    def _wrapped(self, index: int, forward: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        return lambda x: forward(x) if self.kept[index] else x


def _residual_blocks(trunk: nn.Module, size: int) -> list[nn.Module]:
    """The members of sequences whose output has their input's shape, among at least ALIKE of their class, with two layers or
    more inside: one convolution with its normalisation is no residual block."""
    sequences = [module for module in trunk.modules() if isinstance(module, nn.Sequential)]
    candidates = [
        block
        for sequence in sequences
        for block in sequence
        if sum(type(other) is type(block) for other in sequence) >= ALIKE
        and sum(parameter.ndim > 1 for parameter in block.parameters()) > 1
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

    hooks = [block.register_forward_hook(note) for block in candidates]
    was_training = trunk.training
    device = next(trunk.parameters()).device
    with torch.no_grad():
        trunk.eval()(torch.zeros(1, 3, size, size, dtype=torch.uint8, device=device))
    trunk.train(was_training)
    for hook in hooks:
        hook.remove()
    return [block for block in candidates if block in same]
