"""Bootstrap by patient: photographs of one patient are not independent, so whole patients are drawn.

Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapters 6 and 13: resampling of the independent units, within
strata, and percentile intervals.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..types import Int64
from .estimate import LEVEL, Estimate

Float64 = npt.NDArray[np.float64]

RESAMPLES = 2000
TAIL = (1 - LEVEL) / 2


def patient_weights(y: Int64, groups: Int64, resamples: int = RESAMPLES, seed: int = 0) -> Float64:
    """How often each photograph is drawn in each resample: float64 [resamples, N].

    y int [N]: classes; groups int [N]: patients. As many patients of each class are drawn as it has, with replacement, and each
    brings all of their photographs. A patient under several labels is drawn with the first of them.

    One patient of each class, another in each resample, is left out of the draw: classes are small, and drawing n from n would
    make the variance too small by (n - 1) / n (Hesterberg, Unbiasing the Bootstrap: Bootknife Sampling vs. Smoothing,
    Proceedings of the Section on Statistics & the Environment, ASA 2004:2924-2930). A class with one patient is always drawn.
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
    """A figure with the percentile interval of its resamples, float64 [B]; resamples without a value (NaN) are left out.

    patients: for shares (0 to 1), how many patients the share is of. When all of them are right, every resample is all right
    too, and the bootstrap would claim certainty. Yet n patients who are all right show no more than a share of
    ``(0.05 / 2) ** (1 / n)``: the exact binomial bound (Clopper & Pearson, Biometrika 1934;26:404-413). So an interval that
    reaches 1 begins no higher than that, and likewise at 0.

    There is no interval where fewer than half of the resamples have a value, where there are fewer than two patients, or where
    all resamples agree on anything else than a share of 0 or 1.
    """
    finite = resampled[np.isfinite(resampled)]
    if not len(finite) or 2 * len(finite) < len(resampled) or (patients is not None and patients < 2):
        return Estimate(value=value)
    low, high = (float(bound) for bound in np.quantile(finite, [TAIL, 1 - TAIL]))
    if patients is not None:
        bound = TAIL ** (1 / patients)
        low, high = (min(low, bound) if high >= 1 else low), (max(high, 1 - bound) if low <= 0 else high)
    return Estimate(value=value) if low == high else Estimate(value=value, low=low, high=high)
