"""Prediction sets: all conditions that cannot be ruled out at the coverage asked for.

Conformal prediction with a threshold for each condition (label-conditional, also called Mondrian: Vovk, Gammerman and Shafer,
Algorithmic learning in a random world, 2005), so that rare conditions are covered as well as common ones. The score of a
photograph is 1 minus the probability of its condition (Sadinle, Lei and Wasserman, Least ambiguous set-valued classifiers with
bounded error levels, JASA 2019). Scores come from the folds of a cross-validation; heads fitted to all photographs are a little
better than those of the folds, so that sets tend to cover a little more than asked.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..stats.quantile import patient_shares, upper_quantile
from ..types import Bool, Int64

Float64 = npt.NDArray[np.float64]


def thresholds(probabilities: npt.ArrayLike, y: Int64, groups: Int64, coverage: float) -> Float64:
    """float64 [K]: the least probability with which a condition is in the set.

    probabilities [N, K]: of photographs that took no part in making them; y int [N]: conditions; groups int [N]: patients. It
    is minus infinity, and the condition in every set, where it has fewer than coverage / (1 - coverage) patients: nothing can
    then be said with the certainty asked for."""
    p = np.asarray(probabilities, np.float64)
    shares, least = patient_shares(y, groups), np.empty(p.shape[1])
    for k in range(p.shape[1]):
        rows = y == k
        least[k] = 1 - upper_quantile(1 - p[rows, k], shares[rows], coverage)
    return least


def prediction_sets(probabilities: npt.ArrayLike, least: Float64) -> Bool:
    """bool [N, K]: which conditions are in the set of each photograph; none may be."""
    return np.asarray(np.asarray(probabilities, np.float64) >= least - 1e-9)
