"""The share of females among the patients of each condition, shrunken towards that among all patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...types import Int64
from .age import MIN_PATIENTS, Float64, weighted_counts

# The grid of the two hyperparameters, over which the posterior is averaged.
SIZES = np.geomspace(0.5, 500, 12)[:, None, None]  # patients that the prior counts for
SAME = np.linspace(0.05, 0.95, 7)[:, None]  # share of conditions in which the sexes are as in all patients


@dataclass(frozen=True, slots=True, eq=False)
class SexModel:
    """The probability that a patient is female, for each condition.

    Most conditions do not differ in it, and X-linked ones differ much. So the prior of a condition is a mixture (a "spike and
    slab"; Mitchell and Beauchamp, J Am Stat Assoc 1988;83:1023): it has the mean of all patients, or a probability with a beta
    distribution around this mean. What share of the conditions have the mean, and how narrow the distribution is, has a flat
    prior on a grid, over which the posterior is averaged.

    Attributes:
        prior: The probability in a patient of whom nothing is known; NaN if no sex is known.
        posterior: float64 [K], that of each condition; NaN for one with fewer than ``MIN_PATIENTS`` patients of known sex.
    """

    prior: float
    posterior: Float64

    @classmethod
    def fit(cls, female: Float64, y: Int64, shares: Float64, conditions: int) -> SexModel:
        """Fit the probabilities.

        Args:
            female: float64 [N], 1 for females and 0 for males.
            y: int64 [N], the conditions.
            shares: float64 [N], the weights of the rows; those of one patient add up to 1.
            conditions: Number K of conditions.

        Returns:
            The model.
        """
        counts, females = weighted_counts(y, shares, conditions), weighted_counts(y, shares * female, conditions)
        if not counts.any():
            return cls(np.nan, np.full(conditions, np.nan))
        mean = float((females.sum() + 1) / (counts.sum() + 2))  # never 0 or 1, even if all patients are of one sex
        return cls(mean, np.where(counts > MIN_PATIENTS - 0.5, _posterior(counts, females, mean), np.nan))

    def log_ratios(self, female: Float64, rows: Int64) -> Float64:
        """Compare conditions by how well they explain the sex.

        Args:
            female: float64 [N], 1 for females and 0 for males; NaN if unknown.
            rows: int64 [M], numbers of conditions.

        Returns:
            float64 [N, M]: the logarithm of the probability with the condition, divided by that with an unknown one.
        """
        shares, female = self.posterior[rows], female[:, None]
        of_females, of_males = np.log(shares / self.prior), np.log((1 - shares) / (1 - self.prior))
        ratios: Float64 = female * of_females + (1 - female) * of_males
        return ratios


def _posterior(counts: Float64, females: Float64, mean: float) -> Float64:
    """Probability [K] that a new patient is female, from numbers of patients and of females [K]."""
    from scipy.special import betaln

    a, b = SIZES * mean, SIZES * (1 - mean)
    same = np.log(SAME) + females * np.log(mean) + (counts - females) * np.log(1 - mean)
    other = np.log1p(-SAME) + betaln(a + females, b + counts - females) - betaln(a, b)
    likelihood = np.logaddexp(same, other)  # [sizes, shares of the same, K]
    weights = np.exp(likelihood.sum(axis=2) - likelihood.sum(axis=2).max())
    is_same = np.exp(same - likelihood)
    predicted = is_same * mean + (1 - is_same) * (females + a) / (counts + SIZES)
    posterior: Float64 = np.tensordot(weights / weights.sum(), predicted, 2)
    return posterior
