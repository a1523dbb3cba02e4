"""Fusions without parameters: a statistic over the regions present, for each class, divided by the sum over the classes."""

from __future__ import annotations

import numpy as np

from ...contracts.components import Fusion
from ...types import Bool, Float32

MIN_PROBABILITY = 1e-6  # so that a probability of exactly 0 in one region does not override all others


def normalize_rows(scores: Float32) -> Float32:
    """Divide each row by its sum.

    Args:
        scores: float32 [N, K], not negative.

    Returns:
        float32 [N, K]; a row of zeros becomes uniform.
    """
    total = scores.sum(axis=1, keepdims=True)
    uniform = np.full_like(scores, 1 / scores.shape[1])
    shares: Float32 = np.divide(scores, total, out=uniform, where=total > 0).astype(np.float32)
    return shares


def mask_absent(region_probabilities: Float32, present: Bool) -> Float32:
    """Set the probabilities of absent regions to NaN.

    Args:
        region_probabilities: float32 [N, R, K].
        present: bool [N, R].

    Returns:
        float32 [N, R, K].
    """
    return np.where(present[:, :, None], region_probabilities, np.float32(np.nan))


class Mean(Fusion):
    """Arithmetic mean: the paper's fusion, and the linear opinion pool of Stone (Ann Math Stat 1961;32:1339)."""

    def fuse(self, region_probabilities: Float32, present: Bool) -> Float32:
        """Combine the probabilities of the regions that are present."""
        return normalize_rows(np.nanmean(mask_absent(region_probabilities, present), axis=1))


class Geometric(Fusion):
    """Geometric mean: the logarithmic opinion pool (Genest and Zidek, Stat Sci 1986;1:114).

    A region that gives a condition a low probability has more influence than in the arithmetic mean.
    """

    def fuse(self, region_probabilities: Float32, present: Bool) -> Float32:
        """Combine the probabilities of the regions that are present."""
        logs = np.log(np.maximum(mask_absent(region_probabilities, present), MIN_PROBABILITY))
        return normalize_rows(np.exp(np.nanmean(logs, axis=1)))


class Median(Fusion):
    """Median: robust against outliers in fewer than half of the regions."""

    def fuse(self, region_probabilities: Float32, present: Bool) -> Float32:
        """Combine the probabilities of the regions that are present."""
        return normalize_rows(np.nanmedian(mask_absent(region_probabilities, present), axis=1))


class Max(Fusion):
    """Maximum: the most confident region decides. Suits conditions with a single characteristic sign."""

    def fuse(self, region_probabilities: Float32, present: Bool) -> Float32:
        """Combine the probabilities of the regions that are present."""
        return normalize_rows(np.nanmax(mask_absent(region_probabilities, present), axis=1))
