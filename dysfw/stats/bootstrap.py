"""Bootstrap by patient: images of one patient are not independent, so whole patients are drawn.

The independent units are resampled within strata, and intervals are percentile intervals (Efron & Tibshirani, An Introduction
to the Bootstrap, 1993, chapters 6 and 13).
"""

from __future__ import annotations

from math import isclose

import numpy as np
import numpy.typing as npt

from ..types import Int64
from .estimate import CONFIDENCE_LEVEL, Estimate

Float64 = npt.NDArray[np.float64]

RESAMPLES = 2000
TAIL = (1 - CONFIDENCE_LEVEL) / 2
TOLERANCE = 1e-9  # relative, or absolute near 0: sums of the same numbers in another order differ in their last digits


def patient_weights(y: Int64, groups: Int64, resamples: int = RESAMPLES, seed: int = 0) -> Float64:
    """Count how often each image is drawn in each resample.

    Each resample draws as many patients of each class as it has, with replacement, and all images of each patient drawn. A
    patient with several labels belongs to the class of the first.

    Each resample first leaves out one patient of each class at random. Classes are small, and drawing n from n would
    underestimate the variance by the factor (n - 1) / n (Hesterberg, Unbiasing the Bootstrap: Bootknife Sampling vs. Smoothing,
    Proceedings of the Section on Statistics & the Environment, ASA 2004:2924-2930). A class with one patient is always drawn.

    Args:
        y: int64 [N], the classes.
        groups: int64 [N], the patients.
        resamples: Number of resamples.
        seed: Random seed.

    Returns:
        float64 [resamples, N].
    """
    rng = np.random.default_rng(seed)
    _, first, patient = np.unique(groups, return_index=True, return_inverse=True)
    label = y[first]
    drawn = np.ones((resamples, len(first)))
    for k in np.unique(label):
        members = np.flatnonzero(label == k)
        others = len(members) - 1
        if others:
            counts = rng.multinomial(len(members), np.full(others, 1 / others), size=resamples)
            drawn[:, members] = rng.permuted(np.pad(counts, ((0, 0), (0, 1))), axis=1)
    return drawn[:, patient]


def estimate(value: float, resampled: Float64, patients: int | None = None) -> Estimate:
    """Compute the percentile interval of a measure.

    If a share is 1, every resample is 1 too, and the bootstrap would claim certainty. The exact binomial bound for n correct
    patients of n is ``(0.05 / 2) ** (1 / n)`` (Clopper & Pearson, Biometrika 1934;26:404-413). An interval that reaches 1 thus
    begins at this bound or below, and likewise at 0.

    There is no interval if fewer than half of the resamples have a value, if there are fewer than two patients, or if all
    resamples agree on any value other than a share of 0 or 1.

    Args:
        value: The measured value.
        resampled: float64 [B], its value in each resample. NaNs are ignored.
        patients: For shares (0 to 1), the number of patients behind the share.

    Returns:
        The value with its interval.
    """
    finite = resampled[np.isfinite(resampled)]
    if not len(finite) or 2 * len(finite) < len(resampled) or (patients is not None and patients < 2):
        return Estimate(value=value)
    low, high = (float(bound) for bound in np.quantile(finite, [TAIL, 1 - TAIL]))
    if patients is not None:
        bound = TAIL ** (1 / patients)
        low, high = (min(low, bound) if high >= 1 - TOLERANCE else low), (max(high, 1 - bound) if low <= TOLERANCE else high)
    same = isclose(low, high, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return Estimate(value=value) if same else Estimate(value=value, low=low, high=high)
