"""The schedule of pretraining: learning rate, crop size and depth by step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..recipe.sections import Pretrain


@dataclass(frozen=True, slots=True)
class Schedule:
    """Learning rate, crop size and depth of the backbone for each step.

    Attributes:
        config: The recipe's section ``pretrain``.
        size: Side of the crops if the section does not set it, px.
    """

    config: Pretrain
    size: int

    @property
    def sizes(self) -> list[int]:
        """All crop sizes in order, px."""
        return [size for _, size in self.config.sizes] or [self.size]

    def size_at(self, step: int) -> int:
        """Return the side of the crops at a step, px."""
        stages = [size for start, size in self.config.sizes if start * self.config.steps <= step]
        return stages[-1] if stages else self.size

    def depth_at(self, step: int) -> float:
        """Return the share of residual blocks that is computed at a step, 0 … 1."""
        if not self.config.depth:
            return 1.0
        starts, shares = zip(*self.config.depth, strict=True)
        return float(np.interp(step / self.config.steps, starts, shares))

    def learning_rate_at(self, step: int) -> float:
        """Return the learning rate at a step: a linear rise during the warm-up, then a linear fall to 0."""
        warmup = round(self.config.warmup * self.config.steps)
        share = (step + 1) / (warmup + 1) if step < warmup else (self.config.steps - step) / (self.config.steps - warmup)
        return self.config.learning_rate * share
