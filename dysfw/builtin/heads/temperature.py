"""One number that turns a head's scores into probabilities: what they are divided by before the softmax.

Temperature scaling (Guo et al., ICML 2017), fitted to scores of photographs that had no part in making them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from ...types import Int64

Float64 = npt.NDArray[np.float64]
Folds = Sequence[tuple[Int64, Int64]]
WIDEST = 1e3  # the temperature lies between this and its inverse, in units of the scores' own spread


def log_softmax(scores: Float64) -> Float64:
    """float64 [N, K], each row's exponentials summing to 1."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    normalised: Float64 = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return normalised


def best_temperature(scores: Float64, y: Int64, bounds: tuple[float, float] | None = None) -> tuple[float, float]:
    """The temperature that makes scores [N, K] say the truth y int [N] with the least log loss, every class weighing the same,
    and that loss. bounds: of the temperature; None takes any within reason."""
    weights = 1 / np.bincount(y)[y]
    std = max(float(scores.std()), 1e-12)
    low, high = bounds or (std / WIDEST, std * WIDEST)

    def loss(log_temperature: float) -> float:
        found = log_softmax(scores / np.exp(log_temperature))[np.arange(len(y)), y]
        return -float(np.average(np.maximum(found, np.log(1e-12)), weights=weights))

    found = minimize_scalar(loss, bounds=(np.log(low), np.log(high)), method="bounded")
    return float(np.exp(found.x)), float(found.fun)


def out_of_fold(score: Callable[[Int64, Int64], Float64], folds: Folds, rows: int, classes: int) -> tuple[Float64, Int64]:
    """Scores of every photograph by what was fitted without its patient. score: (rows to learn from, rows held out) -> scores
    [held, K]. Returns them, float64 [M, K], and the numbers of the M photographs that some fold held out."""
    scores = np.full((rows, classes), np.nan)
    for train_rows, test_rows in folds:
        scores[test_rows] = score(train_rows, test_rows)
    judged = np.flatnonzero(~np.isnan(scores).any(axis=1))
    return scores[judged], judged
