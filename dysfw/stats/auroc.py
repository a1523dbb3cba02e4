"""Area under the ROC curve of weighted images, for many weightings at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..types import Bool, Int64
from .bootstrap import Float64
from .one_hot import one_hot

FEW = 64  # positives up to which comparing each with all images is faster than summing along the ranking
ROWS = 512  # positives compared with all images at a time


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """N images, sorted by a score once.

    Attributes:
        order: int64 [N], rows by ascending score.
        positive: int64 [P], rows of the positives.
        lower: int64 [P], for each positive the number of images with a lower score.
        not_higher: int64 [P], for each positive the number of images whose score is not higher.
    """

    order: Int64
    positive: Int64
    lower: Int64
    not_higher: Int64

    @classmethod
    def of(cls, score: npt.NDArray[np.floating[Any]], positive: Bool) -> Ranking:
        """Sort images.

        Args:
            score: float [N].
            positive: bool [N], which images should have a high score.

        Returns:
            The ranking.
        """
        order = np.argsort(score, kind="stable")
        ascending, rows = score[order], np.flatnonzero(positive)
        lower = np.searchsorted(ascending, score[rows], side="left")
        return cls(order, rows, lower, np.searchsorted(ascending, score[rows], side="right"))

    def auroc(self, weights: Float64) -> Float64:
        """Compute the probability that a positive scores higher than a negative; ties count half.

        Args:
            weights: float64 [N, B], one column for each weighting.

        Returns:
            float64 [B]; NaN if positives or negatives have no weight.
        """
        won, pairs = self.won_pairs(weights)
        with np.errstate(divide="ignore", invalid="ignore"):
            return won / pairs

    def won_pairs(self, weights: Float64) -> tuple[Float64, Float64]:
        """Weigh the pairs of a positive and a negative. The AUROC is the ratio of the two results.

        This is the Mann-Whitney statistic by its rank sum (Hanley & McNeil, Radiology 1982;143:29-36), with weights in place of
        ranks.

        Args:
            weights: float64 [N, B], one column for each weighting.

        Returns:
            float64 [B], the weight of the pairs in which the positive scores higher (ties count half), and float64 [B], the
            weight of all pairs.
        """
        below = np.zeros((len(self.order) + 1, weights.shape[1]))
        np.cumsum(weights[self.order], axis=0, out=below[1:])
        positive_weights = weights[self.positive]
        ahead = np.einsum("pb,pb->b", positive_weights, below[self.lower] + below[self.not_higher]) / 2
        positives = positive_weights.sum(axis=0)
        # Among the pairs of two positives, half are won: each pair is won by one of the two, or is tied.
        return ahead - positives**2 / 2, positives * (below[-1] - positives)


@dataclass(frozen=True, slots=True, eq=False)
class ClassRankings:
    """N images with scores for K classes, each of which is ranked against all others.

    Attributes:
        scores: float [K, N], contiguous.
        y: int64 [N], the classes.
    """

    scores: npt.NDArray[np.floating[Any]]
    y: Int64

    @classmethod
    def of(cls, scores: npt.NDArray[np.floating[Any]], y: Int64) -> ClassRankings:
        """Rank images.

        Args:
            scores: float [N, K].
            y: int64 [N], the class of each image.
        """
        return cls(np.ascontiguousarray(scores.T), y)

    def auroc(self, weights: Float64) -> Float64:
        """Compute the AUROC of each class; ties count half.

        Args:
            weights: float64 [N, B], one column for each weighting.

        Returns:
            float64 [K, B]; NaN if positives or negatives have no weight.
        """
        won, pairs = self.won_pairs(weights)
        with np.errstate(divide="ignore", invalid="ignore"):
            return won / pairs

    def won_pairs(self, weights: Float64) -> tuple[Float64, Float64]:
        """Weigh the pairs of each class as ``Ranking.won_pairs`` does.

        Most conditions have few images. Comparing these with all images is one matrix product for many conditions together;
        only conditions with many images are summed along their ranking.

        Args:
            weights: float64 [N, B], one column for each weighting.

        Returns:
            float64 [K, B], the weight of the pairs that are won, and float64 [K, B], the weight of all pairs.
        """
        members = np.bincount(self.y, minlength=len(self.scores))
        positives: Float64 = one_hot(self.y, len(self.scores)) @ weights
        won, pairs = np.zeros((2, *positives.shape))
        pairs[:] = positives * (weights.sum(axis=0) - positives)
        for k in np.flatnonzero(members > FEW):
            won[k], pairs[k] = Ranking.of(self.scores[k], self.y == k).won_pairs(weights)
        few = members <= FEW
        won[few] = self._won_by_few(weights, few)[few] - positives[few] ** 2 / 2
        return won, pairs

    def _won_by_few(self, weights: Float64, few: Bool) -> Float64:
        """float64 [K, B], the weight of the pairs of a positive with any image that has a lower score; ties count half."""
        ahead = np.zeros((len(self.scores), weights.shape[1]))
        rows = np.flatnonzero(few[self.y])
        for start in range(0, len(rows), ROWS):
            chosen = rows[start : start + ROWS]
            ranked, own = self.scores[self.y[chosen]], self.scores[self.y[chosen], chosen][:, None]
            below = ((ranked < own) + 0.5 * (ranked == own)) @ weights
            ahead += one_hot(self.y[chosen], len(self.scores)) @ (below * weights[chosen])
        return ahead
