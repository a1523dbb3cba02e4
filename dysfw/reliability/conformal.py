"""Prediction sets by label-conditional conformal prediction.

A separate threshold for each condition (also called Mondrian: Vovk, Gammerman and Shafer, Algorithmic learning in a random
world, 2005) covers rare conditions as well as common ones. The score of an image is 1 minus the probability of its condition
(Sadinle, Lei and Wasserman, Least ambiguous set-valued classifiers with bounded error levels, JASA 2019). Scores come from the
folds of a cross-validation. The final heads are fitted to all images and slightly better, so sets tend to cover a little more
than the target.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..stats.quantile import patient_shares, upper_quantile
from ..types import Bool, Int64

Float64 = npt.NDArray[np.float64]


def thresholds(probabilities: npt.ArrayLike, y: Int64, groups: Int64, coverage: float) -> Float64:
    """Compute the minimum probability at which each condition is included in a prediction set.

    A condition with fewer than coverage / (1 - coverage) patients is always included, because its threshold cannot be
    estimated.

    Args:
        probabilities: [N, K], out-of-fold probabilities.
        y: int64 [N], the conditions.
        groups: int64 [N], the patients.
        coverage: Target coverage, 0 to 1.

    Returns:
        float64 [K]; minus infinity for a condition that is always included.
    """
    p = np.asarray(probabilities, np.float64)
    shares, minimum = patient_shares(y, groups), np.empty(p.shape[1])
    for k in range(p.shape[1]):
        rows = y == k
        minimum[k] = 1 - upper_quantile(1 - p[rows, k], shares[rows], coverage)
    return minimum


def most_probable_sets(probabilities: npt.ArrayLike, mass: float) -> Bool:
    """Determine the smallest set of conditions that together have a given probability.

    Args:
        probabilities: [N, K]; each row sums to 1.
        mass: The probability, 0 to 1.

    Returns:
        bool [N, K].
    """
    p = np.asarray(probabilities, np.float64)
    order = np.argsort(-p, axis=1, kind="stable")
    ordered = np.take_along_axis(p, order, axis=1)
    needed = np.cumsum(ordered, axis=1) - ordered < mass - 1e-9  # what comes before does not suffice
    chosen = np.empty_like(needed)
    np.put_along_axis(chosen, order, needed, axis=1)
    return chosen


def prediction_sets(probabilities: npt.ArrayLike, minimum: Float64) -> Bool:
    """Determine the prediction set of each image.

    Args:
        probabilities: [N, K].
        minimum: float64 [K], from ``thresholds``.

    Returns:
        bool [N, K], the conditions in each set; a set may be empty.
    """
    return np.asarray(np.asarray(probabilities, np.float64) >= minimum - 1e-9)
