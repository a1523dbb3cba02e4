"""Calibration by temperature scaling.

Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks, ICML 2017.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..stats.minimum import find_minimum
from ..stats.quantile import patient_shares
from ..types import Float32, Int64

Float64 = npt.NDArray[np.float64]

MIN_PROBABILITY = 1e-9  # smaller probabilities are clipped: no number of images can show that something is impossible
MAX_TEMPERATURE = 20.0  # the minimum is its inverse


def apply_temperature(probabilities: npt.ArrayLike, temperature: float) -> Float32:
    """Divide the logarithms of probabilities by a temperature and normalise them.

    The order within a row stays the same, except among probabilities below ``MIN_PROBABILITY``.

    Args:
        probabilities: [N, K].
        temperature: The temperature, above 0.

    Returns:
        float32 [N, K]; each row sums to 1.
    """
    return np.exp(_log_scaled(_logarithms(probabilities), temperature)).astype(np.float32)


def fit_temperature(probabilities: npt.ArrayLike, y: Int64, groups: Int64) -> float:
    """Find the temperature that minimises the penalised log loss of out-of-fold probabilities.

    All conditions count equally, as in the heads, whose probabilities assume that all are equally common; otherwise controls,
    usually the majority, would dominate. Within a condition all patients count equally. A penalty on the squared logarithm of
    the temperature, with the weight of one patient, keeps it near 1 if there are few patients. Without it, a few patients who
    are all classified correctly would make every later prediction certain.

    Args:
        probabilities: [N, K].
        y: int64 [N], the conditions.
        groups: int64 [N], the patients.

    Returns:
        The temperature.
    """
    logarithms, patients = _logarithms(probabilities), len(np.unique(groups))
    logarithms -= logarithms.max(axis=1, keepdims=True)
    of_truth, scaled = logarithms[np.arange(len(y)), y], np.empty_like(logarithms)
    weights = patient_shares(y, groups)
    weights /= np.bincount(y, weights)[y]
    weights /= weights.sum()

    def loss(log_temperature: float) -> float:
        # In place: with hundreds of conditions, most of the time would go into allocating memory.
        np.exp(np.divide(logarithms, np.exp(log_temperature), out=scaled), out=scaled)
        losses = np.log(scaled.sum(axis=1)) - of_truth / np.exp(log_temperature)
        return float(weights @ losses + log_temperature**2 / patients)

    bound = float(np.log(MAX_TEMPERATURE))
    return float(np.exp(find_minimum(loss, -bound, bound)))


def _logarithms(probabilities: npt.ArrayLike) -> Float64:
    logarithms: Float64 = np.log(np.maximum(np.asarray(probabilities, np.float64), MIN_PROBABILITY))
    return logarithms


def _log_scaled(logarithms: Float64, temperature: float) -> Float64:
    scaled = logarithms / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    normalised: Float64 = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
    return normalised
