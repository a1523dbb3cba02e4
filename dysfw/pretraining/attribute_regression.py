"""Ridge regression from embeddings to facial attributes, fitted in closed form after pretraining.

There is a linear layer for each region. The layer at the end of gradient descent is far from the best one for its backbone:
directions in which embeddings vary little would need many more steps.

References:
    Hoerl and Kennard, Ridge regression: biased estimation for nonorthogonal problems, Technometrics 1970.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import Float32, Int64

Float64 = npt.NDArray[np.float64]

PENALTIES = np.array([1e-4, 1e-3, 1e-2, 1e-1, 1.0])  # times the mean sum of squares of an embedding's dimensions
VALIDATION_EVERY = 5  # every fifth identity is held out to choose the penalty


@dataclass(frozen=True, slots=True, eq=False)
class AttributeRegression:
    """Linear layers from a region's embedding to attributes.

    Attributes:
        weight: float32 [R, A, dim].
        bias: float32 [R, A].
        r2: float32 [R, A], the coefficient of determination on held-out identities, at most 1.
    """

    weight: Float32
    bias: Float32
    r2: Float32


class _Moments:
    """Sums over rows (embedding with a 1 appended, attributes) that determine every ridge regression."""

    def __init__(self, dim: int, attributes: int) -> None:
        self.square = np.zeros((dim + 1, dim + 1))
        self.cross = np.zeros((dim + 1, attributes))
        self.rows = 0

    def add(self, x: Float64, y: Float64) -> None:
        """Add rows x [n, dim], y [n, A]."""
        with_one = np.hstack([x, np.ones((len(x), 1))])
        self.square += with_one.T @ with_one
        self.cross += with_one.T @ y
        self.rows += len(x)

    def plus(self, other: _Moments) -> _Moments:
        """Return the sums over both sets of rows."""
        total = _Moments(len(self.square) - 1, self.cross.shape[1])
        total.square, total.cross = self.square + other.square, self.cross + other.cross
        total.rows = self.rows + other.rows
        return total

    def solve(self, penalty: float) -> Float64:
        """Return the layer [dim + 1, A]; its constant is not penalised."""
        dim = len(self.square) - 1
        mean = self.square[:-1, -1] / self.rows
        scale = (np.trace(self.square[:-1, :-1]) - self.rows * mean @ mean) / dim
        ridge = np.append(np.full(dim, penalty * scale), 1e-9 * self.rows)
        return np.asarray(np.linalg.solve(self.square + np.diag(ridge), self.cross))


def fit_attribute_regression(
    batches: Iterable[tuple[Float32, Int64, Int64, Float32]], *, regions: int, dim: int, attributes: int
) -> AttributeRegression:
    """Fit a linear layer for each region.

    Args:
        batches: Embeddings float32 [B, dim], regions int64 [B], identities int64 [B] and standardised attributes float32
            [B, A]. Rows with an unknown attribute (NaN) are skipped.
        regions: Number of regions, R.
        dim: Length of an embedding.
        attributes: Number of attributes, A.

    Returns:
        The layers; zeros for a region without rows.
    """
    train = [_Moments(dim, attributes) for _ in range(regions)]
    validation = [_Moments(dim, attributes) for _ in range(regions)]
    squares = np.zeros((regions, attributes))
    for x, region, identity, y in batches:
        known = np.isfinite(y).all(axis=1)
        for r in np.unique(region[known]):
            held_out = identity % VALIDATION_EVERY == 0
            for moments, side in ((validation, held_out), (train, ~held_out)):
                rows = known & (region == r) & side
                moments[r].add(x[rows].astype(np.float64), y[rows].astype(np.float64))
                if moments is validation:
                    squares[r] += (y[rows].astype(np.float64) ** 2).sum(axis=0)
    weight, bias = np.zeros((regions, attributes, dim), np.float32), np.zeros((regions, attributes), np.float32)
    r2 = np.zeros((regions, attributes), np.float32)
    for r in range(regions):
        if train[r].rows and validation[r].rows:
            scores = np.array([_r_squared(train[r].solve(penalty), validation[r], squares[r]) for penalty in PENALTIES])
            best = int(np.clip(scores, 0, 1).mean(axis=1).argmax())
            layer = train[r].plus(validation[r]).solve(PENALTIES[best])
            weight[r], bias[r], r2[r] = layer[:-1].T, layer[-1], scores[best]
    return AttributeRegression(weight, bias, r2)


def _r_squared(layer: Float64, validation: _Moments, squares: Float64) -> Float64:
    """R squared [A] of a layer [dim + 1, A], from the moments of the rows and the sums of squares [A] of their attributes."""
    sums = validation.cross[-1]
    around_mean = squares - sums**2 / validation.rows
    error = squares - 2 * (layer * validation.cross).sum(axis=0) + ((validation.square @ layer) * layer).sum(axis=0)
    return np.asarray(1 - error / np.maximum(around_mean, 1e-9))
