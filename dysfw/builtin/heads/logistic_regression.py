"""Multinomial logistic regression with an L2 penalty, class-balanced, for many small fits.

The optimum is that of scikit-learn's ``LogisticRegression(C=C, class_weight="balanced")``. It is found by the same algorithm,
L-BFGS (Liu and Nocedal, Math Program 1989;45:503), but in other coordinates. The curvature of the loss is at most
``(I - 11ᵀ/K) ⊗ XᵀWX / 2`` (Böhning, Ann Inst Stat Math 1992;44:197), which is diagonal in the principal axes of X. If each axis
is divided by the square root of its curvature, the loss looks alike in all directions, and L-BFGS needs fewer steps. The axes
are computed once for all folds and all values of C, and each fit starts from the one before.

Large problems (hundreds of conditions, thousands of images) are solved in float32, the precision of embeddings, in half the
time and memory. The loss is still within 1e-6 of its minimum.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...types import Int64
from .lbfgs import minimize

Float64 = npt.NDArray[np.float64]
Floats = npt.NDArray[np.floating[Any]]
# L-BFGS stops if no component of the gradient, in the scaled coordinates, exceeds this. The loss is then about 1e-9 above its
# minimum. Stopping earlier would save a quarter of the time, but could choose another C.
TOLERANCE = 1e-5
NO_VARIANCE = 1e-12  # of the largest; such axes are rounding errors, which L-BFGS would amplify
UNCORRELATED = 1e-9  # largest covariance of two axes, relative to the largest variance
MIN_CURVATURE = 1e-7  # of the loss in the logits; it vanishes if a model is certain everywhere
LARGE = 1e8  # images times numbers times classes, from which float32 is used
STEPS, ROUNDS = 50, 200  # after so many steps, or if the curvature has changed by a factor of 2, the axes are scaled again


def to_principal_axes(points: Float64) -> tuple[Float64, Float64 | None]:
    """Express rows in their principal axes.

    Args:
        points: float64 [N, D].

    Returns:
        float64 [N, D], the coordinates, and float64 [D, D], an axis in each column; None if the columns are uncorrelated
        already.
    """
    centred = points - points.mean(axis=0)
    covariance = centred.T @ centred
    variances = np.diag(covariance).copy()
    np.fill_diagonal(covariance, 0)
    if max(covariance.max(), -covariance.min()) <= UNCORRELATED * variances.max():
        return points, None
    np.fill_diagonal(covariance, variances)
    axes = np.linalg.eigh(covariance)[1]
    return points @ axes, axes


class LogisticRegression:
    """Fits one set of images, for one value of C after the other.

    Args:
        points: float64 [N, D], in their principal axes; in others the fit is the same, but slower.
        y: int64 [N], the classes.

    Attributes:
        classes: int64 [P], the classes present.
        loss: Mean loss of the last fit, with its penalty.
    """

    def __init__(self, points: Float64, y: Int64) -> None:
        self.classes, self._index = np.unique(y, return_inverse=True)
        self.loss = np.nan
        members = np.bincount(self._index)
        self._weights = 1 / (len(members) * members[self._index])  # [N]; each class counts equally, and their sum is 1
        # Centred, the coefficients and the intercepts do not depend on one another.
        self._mean = self._weights @ points
        centred = points - self._mean
        variances = self._weights @ centred**2
        self._axes = np.flatnonzero(variances > NO_VARIANCE * variances.max(initial=0))
        self._variances = np.append(variances[self._axes], 1.0)  # the last for the intercept
        large = centred.size * len(members) > LARGE
        self._design = np.empty((len(y), len(self._variances)), np.float32 if large else np.float64)
        self._design[:, :-1], self._design[:, -1] = centred[:, self._axes], 1.0
        self._solution = np.zeros((len(self._variances), len(members)))
        self._curvature = self._mean_curvature()

    def fit(self, C: float, tolerance: float = TOLERANCE) -> tuple[Float64, Float64]:
        """Fit the coefficients, starting from those of the last fit.

        Args:
            C: Inverse regularisation strength, as in scikit-learn.
            tolerance: See ``TOLERANCE``.

        Returns:
            float64 [P, D], the coefficients, and float64 [P], the intercepts; both have mean 0 over the classes.
        """
        # scikit-learn penalises the one row of coefficients that two classes need; two rows of half its length have half its
        # squared norm.
        penalty = (2 if len(self.classes) == 2 else 1) / (C * len(self._index))
        penalties = np.append(np.full(len(self._axes), penalty), 0.0)
        for _ in range(ROUNDS):
            converged, before = self._minimize(penalties, tolerance), self._curvature
            self._curvature = self._mean_curvature()
            if converged and before / 2 < self._curvature < before * 2:
                break
        coefficients = np.zeros((len(self.classes), len(self._mean)))
        coefficients[:, self._axes] = self._solution[:-1].T
        return coefficients, self._solution[-1] - coefficients @ self._mean

    def _minimize(self, penalties: Float64, tolerance: float) -> bool:
        """Improve the solution until it converges, which is returned, or for STEPS steps."""
        dtype = self._design.dtype
        scale = 1 / np.sqrt(self._curvature * self._variances + penalties)
        design = self._design * scale.astype(dtype)
        scaled_penalties = (penalties * scale**2)[:, None].astype(dtype)
        weights, shape = self._weights, self._solution.shape
        image_weights = weights.astype(dtype)
        of_true_class = np.arange(len(design)) * shape[1] + self._index  # places in [N, P]
        summed = np.ones(shape[1], dtype)  # a product with it is the fastest sum of short rows
        logits = np.empty((len(design), shape[1]), dtype)

        def loss_and_gradient(flat: Floats) -> tuple[float, Floats]:
            coefficients = flat.reshape(shape)
            np.matmul(design, coefficients, out=logits)
            np.subtract(logits, logits.max(axis=1, keepdims=True), out=logits)
            true = logits.ravel()[of_true_class]
            odds = np.exp(logits, out=logits)
            totals = odds @ summed
            loss = weights @ (np.log(totals) - true)
            residuals = np.multiply(odds, (image_weights / totals)[:, None], out=odds)
            residuals.ravel()[of_true_class] -= image_weights
            pull = scaled_penalties * coefficients
            gradient = design.T @ residuals
            gradient += pull
            return float(loss + np.vdot(pull, coefficients) / 2), gradient.ravel()

        start = (self._solution / scale[:, None]).astype(dtype).ravel()
        optimum, self.loss, converged = minimize(loss_and_gradient, start, tolerance, STEPS)
        self._solution = optimum.reshape(shape) * scale[:, None]
        return converged

    def _mean_curvature(self) -> float:
        """Mean curvature of the loss in the logits, p (1 - p), at the solution."""
        logits = self._design @ self._solution.astype(self._design.dtype)
        odds = np.exp(np.subtract(logits, logits.max(axis=1, keepdims=True), out=logits), out=logits)
        # The sum of p (1 - p) over the classes is 1 less the sum of p squared.
        squares = np.einsum("nk,nk->n", odds, odds) / odds.sum(axis=1) ** 2
        curvature = self._weights @ (1 - squares) / odds.shape[1]
        return max(float(curvature), MIN_CURVATURE)
