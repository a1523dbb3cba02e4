"""Area under the ROC curve of weighted photographs, for many weightings at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..types import Bool, Int64
from .bootstrap import Float64


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """N photographs, sorted by a score once.

    order: int [N], rows from the lowest score up. positive: int [P], rows of those that should score high. lower, not_higher:
    int [P], how many photographs score less than each of these, and how many no more than it.
    """

    order: Int64
    positive: Int64
    lower: Int64
    not_higher: Int64

    @classmethod
    def of(cls, score: npt.NDArray[np.floating[Any]], positive: Bool) -> Ranking:
        """score float [N]; positive bool [N]."""
        order = np.argsort(score, kind="stable")
        ascending, rows = score[order], np.flatnonzero(positive)
        lower = np.searchsorted(ascending, score[rows], side="left")
        return cls(order, rows, lower, np.searchsorted(ascending, score[rows], side="right"))

    def auroc(self, weights: Float64) -> Float64:
        """The probability that a positive scores higher than another photograph, ties counted half.

        weights: float64 [N, B], photographs first. Returns float64 [B]; NaN where either side has no weight.
        """
        won, pairs = self.won_pairs(weights)
        with np.errstate(divide="ignore", invalid="ignore"):
            return won / pairs

    def won_pairs(self, weights: Float64) -> tuple[Float64, Float64]:
        """The weight of all pairs of a positive with another photograph in which the positive scores higher, ties counted half,
        and the weight of all such pairs: float64 [B] each.

        This is the Mann-Whitney statistic by its rank sum (Hanley & McNeil, Radiology 1982;143:29-36), with weights in place of
        ranks.
        """
        below = np.zeros((len(self.order) + 1, weights.shape[1]))
        np.cumsum(weights[self.order], axis=0, out=below[1:])
        own = weights[self.positive]
        ahead = np.einsum("pb,pb->b", own, below[self.lower] + below[self.not_higher]) / 2
        positives = own.sum(axis=0)
        # Positives are ahead of each other, or tied with themselves, in half of their own pairs.
        return ahead - positives**2 / 2, positives * (below[-1] - positives)
