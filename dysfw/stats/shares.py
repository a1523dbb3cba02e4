"""Intervals of shares of images whose class is ranked among the first n: quick enough for every training.

They are those of an evaluation (``dysfw.stats.intervals``) for the same predictions, but nothing else is measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..types import Bool, Int64
from .bootstrap import RESAMPLES, Float64, estimate, patient_weights
from .estimate import Estimate

BLOCK = 4_000_000  # weights in memory at once, 32 MB


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """The rankings of one model.

    Attributes:
        rank: int64 [N], the number of classes that are ranked before the true one.
        rows: bool [N], the images that the model predicted; at least one.
    """

    rank: Int64
    rows: Bool


def share_estimates(models: Sequence[Ranked], y: Int64, groups: Int64, sizes: Sequence[int]) -> list[dict[str, Estimate]]:
    """Estimate the balanced accuracy, and how often the class of an image is among the first n.

    All models are measured on the same resamples.

    Args:
        models: Rankings of the same N images.
        y: int64 [N], the true classes.
        groups: int64 [N], the patients.
        sizes: Each n of ``top_n``.

    Returns:
        For each model "balanced_accuracy" (the mean over the classes present), "accuracy", and "top_n" for each n, as 0 to 1.
    """
    parts = [_Part.of(model, y, sizes) for model in models]
    resampled: list[list[Float64]] = [[] for _ in models]
    for weights in _weights(y, groups):
        for part, blocks in zip(parts, resampled, strict=True):
            blocks.append(part.shares(weights))
    names = ("balanced_accuracy", "accuracy", *(f"top_{n}" for n in sizes))
    estimates = []
    for part, blocks in zip(parts, resampled, strict=True):
        value, every = part.shares(np.ones((1, len(y))))[0], np.concatenate(blocks)
        members = [len(np.unique(rows)) for rows in np.split(groups[part.order], part.starts[1:])]
        # A mean over the classes has as many patients as if each class were as small as the smallest.
        patients = [min(members) * len(members), *[len(np.unique(groups[part.order]))] * (len(names) - 1)]
        estimates.append({name: estimate(float(value[n]), every[:, n], patients[n]) for n, name in enumerate(names)})
    return estimates


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One model: the rows it predicted in the order of their classes, where each class starts, and hits float64 [n, M]."""

    order: Int64
    starts: Int64
    hits: Float64

    @classmethod
    def of(cls, model: Ranked, y: Int64, sizes: Sequence[int]) -> _Part:
        rows = np.flatnonzero(model.rows)
        order = rows[np.argsort(y[rows], kind="stable")]
        hits = model.rank[order, None] < np.array([1, *sizes])
        return cls(order, np.flatnonzero(np.diff(y[order], prepend=-1)), hits.astype(np.float64))

    def shares(self, weights: Float64) -> Float64:
        """Measure weightings of all images, float64 [b, N]; float64 [b, 1 + M], the balanced accuracy and each share."""
        own = weights[:, self.order]
        with np.errstate(invalid="ignore"):  # a class that was not drawn has no sensitivity
            sensitivity = np.add.reduceat(own * self.hits[:, 0], self.starts, axis=1) / np.add.reduceat(
                own, self.starts, axis=1
            )
            drawn = ~np.isnan(sensitivity)
            balanced = np.where(drawn, sensitivity, 0).sum(axis=1) / drawn.sum(axis=1)
            return np.column_stack([balanced, (own @ self.hits) / own.sum(axis=1, keepdims=True)])


def _weights(y: Int64, groups: Int64) -> Iterator[Float64]:
    """Weights of all resamples, in blocks float64 [b, N]."""
    step = max(1, min(RESAMPLES, BLOCK // len(y)))
    for seed, start in enumerate(range(0, RESAMPLES, step)):
        yield patient_weights(y, groups, min(step, RESAMPLES - start), seed)
