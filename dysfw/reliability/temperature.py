"""Temperature scaling: probabilities made as sharp as held-out photographs allow, and no sharper.

Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks, ICML 2017.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from ..stats.quantile import patient_shares
from ..types import Float32, Int64

Float64 = npt.NDArray[np.float64]

LEAST = 1e-9  # a probability below this counts as this: no number of photographs can show that something is impossible
LARGEST = 20.0  # temperatures lie between this and its inverse


def calibrated(probabilities: npt.ArrayLike, temperature: float) -> Float32:
    """probabilities [N, K] -> float32 [N, K]: their logarithms divided by the temperature, each row's sum 1 again.

    The order within a row stays as it is, but for what is less probable than LEAST.
    """
    return np.exp(_log_scaled(_logarithms(probabilities), temperature)).astype(np.float32)


def fit_temperature(probabilities: npt.ArrayLike, y: Int64, groups: Int64) -> float:
    """The temperature that minimises the log loss of probabilities [N, K] on photographs that took no part in making them.

    y int [N]: conditions; groups int [N]: patients. Every condition weighs the same, as it does in the heads, whose
    probabilities assume that all are equally common; otherwise the controls, mostly many more, would decide alone. Within a
    condition every patient weighs the same. A penalty of one patient's weight on the temperature's logarithm holds it near 1
    where there are too few patients to tell: without it, a handful that were all judged rightly would make every later
    judgement certain."""
    logarithms, patients = _logarithms(probabilities), len(np.unique(groups))
    weights = patient_shares(y, groups)
    weights /= np.bincount(y, weights)[y]
    weights /= weights.sum()

    def loss(log_temperature: float) -> float:
        of_truth = _log_scaled(logarithms, np.exp(log_temperature))[np.arange(len(y)), y]
        return float(-(weights @ of_truth) + log_temperature**2 / patients)

    bound = np.log(LARGEST)
    return float(np.exp(minimize_scalar(loss, bounds=(-bound, bound), method="bounded").x))


def _logarithms(probabilities: npt.ArrayLike) -> Float64:
    logarithms: Float64 = np.log(np.maximum(np.asarray(probabilities, np.float64), LEAST))
    return logarithms


def _log_scaled(logarithms: Float64, temperature: float) -> Float64:
    scaled = logarithms / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    normalised: Float64 = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
    return normalised
