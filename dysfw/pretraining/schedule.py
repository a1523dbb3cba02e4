"""What changes in the course of a training: learning rate, size of the crops, depth of the trunk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..recipe.sections import Pretrain


@dataclass(frozen=True, slots=True)
class Schedule:
    """keys: of the recipe. size: of the crops where the keys name none, px."""

    keys: Pretrain
    size: int

    @property
    def sizes(self) -> list[int]:
        """Every size that will be used, in order, px."""
        return [size for _, size in self.keys.sizes] or [self.size]

    def size_at(self, step: int) -> int:
        """px"""
        stages = [size for start, size in self.keys.sizes if start * self.keys.steps <= step]
        return stages[-1] if stages else self.size

    def depth_at(self, step: int) -> float:
        """The share of the residual blocks that is computed."""
        if not self.keys.depth:
            return 1.0
        starts, shares = zip(*self.keys.depth, strict=True)
        return float(np.interp(step / self.keys.steps, starts, shares))

    def rate_at(self, step: int) -> float:
        """The learning rate: a straight line up from near 0 during the warm-up, then one down to 0."""
        rising = round(self.keys.warmup * self.keys.steps)
        share = (step + 1) / (rising + 1) if step < rising else (self.keys.steps - step) / (self.keys.steps - rising)
        return self.keys.learning_rate * share
