"""Temperature scaling of a head's scores (Guo et al., ICML 2017), fitted to out-of-fold scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ...types import Int64

Float64 = npt.NDArray[np.float64]
Folds = Sequence[tuple[Int64, Int64]]
MAX_RATIO = 1e3  # the temperature lies between 1/MAX_RATIO and MAX_RATIO times the standard deviation of the scores


def log_softmax(scores: Float64) -> Float64:
    """Compute the logarithm of the softmax of each row.

    Args:
        scores: float64 [N, K].

    Returns:
        float64 [N, K].
    """
    shifted = scores - scores.max(axis=1, keepdims=True)
    normalised: Float64 = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return normalised


def best_temperature(scores: Float64, y: Int64, bounds: tuple[float, float] | None = None) -> tuple[float, float]:
    """Find the temperature that minimises the class-balanced log loss.

    Args:
        scores: float64 [N, K].
        y: int64 [N], the true classes.
        bounds: Minimum and maximum temperature; None derives wide bounds from the standard deviation of the scores.

    Returns:
        The temperature and its log loss.
    """
    weights = 1 / np.bincount(y)[y]
    shifted = scores - scores.max(axis=1, keepdims=True)
    of_truth, scaled = shifted[np.arange(len(y)), y], np.empty_like(shifted)
    std = max(float(scores.std()), 1e-12)
    low, high = bounds or (std / MAX_RATIO, std * MAX_RATIO)

    def loss(log_temperature: float) -> float:
        # In place: with hundreds of conditions, most of the time would go into allocating memory.
        np.exp(np.divide(shifted, np.exp(log_temperature), out=scaled), out=scaled)
        log_probabilities = of_truth / np.exp(log_temperature) - np.log(scaled.sum(axis=1))
        return -float(np.average(np.maximum(log_probabilities, np.log(1e-12)), weights=weights))

    from scipy.optimize import minimize_scalar  # slow to import; a fitted head does not need it

    optimum = minimize_scalar(loss, bounds=(np.log(low), np.log(high)), method="bounded")
    return float(np.exp(optimum.x)), float(optimum.fun)


def out_of_fold_scores(
    score: Callable[[Int64, Int64], Float64], folds: Folds, rows: int, classes: int
) -> tuple[Float64, Int64]:
    """Score each image with a model that was fitted without its patient.

    Args:
        score: Maps training rows and test rows to the scores of the test rows, float64 [test rows, K].
        folds: Training rows and test rows of each fold.
        rows: Number of images, N.
        classes: Number of classes, K.

    Returns:
        float64 [M, K], the scores, and int64 [M], the rows of the M images that are a test row of some fold.
    """
    scores = np.full((rows, classes), np.nan)
    for train_rows, test_rows in folds:
        scores[test_rows] = score(train_rows, test_rows)
    scored = np.flatnonzero(~np.isnan(scores).any(axis=1))
    return scores[scored], scored
