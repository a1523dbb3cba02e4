"""Fusions without parameters: a statistic over the regions that are present, for each class, normalised to sum to one."""

from __future__ import annotations

import numpy as np

from ...contracts.components import Fusion
from ...types import Bool, Float32

TINY = 1e-6  # a probability of exactly 0 in one region must not silence all others


def normalised(scores: Float32) -> Float32:
    """Rows of non-negative scores [N, K] divided by their sums; a row of zeros becomes uniform."""
    total = scores.sum(axis=1, keepdims=True)
    uniform = np.full_like(scores, 1 / scores.shape[1])
    return np.divide(scores, total, out=uniform, where=total > 0).astype(np.float32)


def masked(region_probabilities: Float32, present: Bool) -> Float32:
    """The votes [N, R, K] with NaN where a region is absent, for numpy's nan-functions."""
    return np.where(present[:, :, None], region_probabilities, np.float32(np.nan))


class Mean(Fusion):
    """Arithmetic mean: the paper's fusion, and the linear opinion pool of Stone (Ann Math Stat 1961;32:1339)."""

    def fuse(self, region_probabilities: Float32, present: Bool) -> Float32:
        return normalised(np.nanmean(masked(region_probabilities, present), axis=1))


class Geometric(Fusion):
    """Geometric mean: the logarithmic opinion pool (Genest and Zidek, Stat Sci 1986;1:114). One region's certainty that a
    condition is absent weighs more here than in the arithmetic mean."""

    def fuse(self, region_probabilities: Float32, present: Bool) -> Float32:
        logs = np.log(np.maximum(masked(region_probabilities, present), TINY))
        return normalised(np.exp(np.nanmean(logs, axis=1)))


class Median(Fusion):
    """Median: up to half of the regions may be wrong in any way without moving it far."""

    def fuse(self, region_probabilities: Float32, present: Bool) -> Float32:
        return normalised(np.nanmedian(masked(region_probabilities, present), axis=1))


class Max(Fusion):
    """Maximum: one region that is sure decides; for conditions with a single telling sign."""

    def fuse(self, region_probabilities: Float32, present: Bool) -> Float32:
        return normalised(np.nanmax(masked(region_probabilities, present), axis=1))
