"""After training: the linear layers that read measures of the face off the embedding, fitted exactly.

Ridge regression (Hoerl and Kennard, Technometrics 1970), a layer for each region. What a training by gradient descent ends with
is far from the best layer for its trunk: directions in which embeddings vary little would need many more steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import Float32, Int64

Float64 = npt.NDArray[np.float64]

PENALTIES = np.array([1e-4, 1e-3, 1e-2, 1e-1, 1.0])  # times the sum of squares of a typical number of the embeddings
EVERY = 5  # each fifth person shows which penalty is best


@dataclass(frozen=True, slots=True, eq=False)
class Measuring:
    """weight: float32 [R, A, dim] and bias: float32 [R, A]: from a region's embeddings to measures. explained: float32 [R, A],
    the share of a measure's variance that is read rightly in persons who did not take part (R squared), at most 1."""

    weight: Float32
    bias: Float32
    explained: Float32


class _Moments:
    """Sums over rows (embedding with a 1 at its end, measures), from which any ridge regression follows."""

    def __init__(self, dim: int, measures: int) -> None:
        self.square = np.zeros((dim + 1, dim + 1))
        self.cross = np.zeros((dim + 1, measures))
        self.rows = 0

    def add(self, x: Float64, y: Float64) -> None:
        with_one = np.hstack([x, np.ones((len(x), 1))])
        self.square += with_one.T @ with_one
        self.cross += with_one.T @ y
        self.rows += len(x)

    def plus(self, other: _Moments) -> _Moments:
        total = _Moments(len(self.square) - 1, self.cross.shape[1])
        total.square, total.cross = self.square + other.square, self.cross + other.cross
        total.rows = self.rows + other.rows
        return total

    def solve(self, penalty: float) -> Float64:
        """[dim + 1, A]; the constant is not penalised."""
        dim = len(self.square) - 1
        mean = self.square[:-1, -1] / self.rows
        typical = (np.trace(self.square[:-1, :-1]) - self.rows * mean @ mean) / dim
        ridge = np.append(np.full(dim, penalty * typical), 1e-9 * self.rows)
        return np.asarray(np.linalg.solve(self.square + np.diag(ridge), self.cross))


def fit_measuring(
    batches: Iterable[tuple[Float32, Int64, Int64, Float32]], *, regions: int, dim: int, measures: int
) -> Measuring:
    """batches: of embeddings float32 [B, dim], regions int [B], persons int [B] and measures float32 [B, A], standardised; rows
    with an unknown measure (NaN) are left out. A region without rows measures nothing: zeros."""
    learn = [_Moments(dim, measures) for _ in range(regions)]
    test = [_Moments(dim, measures) for _ in range(regions)]
    squares = np.zeros((regions, measures))
    for x, region, person, y in batches:
        known = np.isfinite(y).all(axis=1)
        for r in np.unique(region[known]):
            for moments, side in ((test, person % EVERY == 0), (learn, person % EVERY != 0)):
                rows = known & (region == r) & side
                moments[r].add(x[rows].astype(np.float64), y[rows].astype(np.float64))
                if moments is test:
                    squares[r] += (y[rows].astype(np.float64) ** 2).sum(axis=0)
    weight, bias = np.zeros((regions, measures, dim), np.float32), np.zeros((regions, measures), np.float32)
    explained = np.zeros((regions, measures), np.float32)
    for r in range(regions):
        if learn[r].rows and test[r].rows:
            shares = np.array([_explained(learn[r].solve(penalty), test[r], squares[r]) for penalty in PENALTIES])
            best = int(np.clip(shares, 0, 1).mean(axis=1).argmax())
            layer = learn[r].plus(test[r]).solve(PENALTIES[best])
            weight[r], bias[r], explained[r] = layer[:-1].T, layer[-1], shares[best]
    return Measuring(weight, bias, explained)


def _explained(layer: Float64, test: _Moments, squares: Float64) -> Float64:
    """R squared [A] of a layer [dim + 1, A] on rows of which only moments, and the measures' sums of squares [A], are known."""
    sums = test.cross[-1]
    around_mean = squares - sums**2 / test.rows
    error = squares - 2 * (layer * test.cross).sum(axis=0) + ((test.square @ layer) * layer).sum(axis=0)
    return np.asarray(1 - error / np.maximum(around_mean, 1e-9))
