"""How large what was found is: out-of-fold figures with intervals that are bootstrapped by patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..stats.auroc import Ranking
from ..stats.bootstrap import Float64, estimate, patient_weights
from ..stats.estimate import Estimate
from ..types import Bool, Float32, Int64

RESAMPLES = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """y, groups: int64 [N]; hats: float32 [N, N] by group of clues; weights: float64 [B, N], of the bootstrap."""

    y: Int64
    groups: Int64
    classes: int
    smoother_matrices: Mapping[str, Float32]
    weights: Float64

    @classmethod
    def make(cls, y: Int64, groups: Int64, classes: int, smoother_matrices: Mapping[str, Float32], seed: int) -> Effects:
        return cls(y, groups, classes, smoother_matrices, patient_weights(y, groups, RESAMPLES, seed))

    def accuracy(self, group: str) -> Estimate:
        """Share of photographs whose condition is the likeliest, however rare it is."""
        right = (self._share() + self._scores(group)).argmax(axis=1) == self.y
        resampled = self.weights @ right / self.weights.sum(axis=1)
        return estimate(float(right.mean()), resampled, self._patients(np.ones(len(self.y), bool)))

    def balanced_accuracy(self, group: str) -> Estimate:
        """Mean over the conditions of the share of their photographs that are told, each condition as if equally common."""
        right = (self._scores(group) / self._share()).argmax(axis=1) == self.y
        hot = np.eye(self.classes)[self.y]
        with np.errstate(divide="ignore", invalid="ignore"):  # a patient under two labels is drawn with the first only
            recalls = ((self.weights * right) @ hot) / (self.weights @ hot)
        value = (right @ hot / hot.sum(axis=0)).mean()
        # A mean over the conditions counts as if each had as few patients as the smallest.
        even = self.classes * min(self._patients(self.y == k) for k in range(self.classes))
        return estimate(float(value), np.nanmean(recalls, axis=1), even)

    def auroc(self, group: str, label: int) -> Estimate:
        """One condition against all others."""
        own = self.y == label
        ranking = Ranking.of(np.round(self._scores(group)[:, label].astype(np.float64), 6), own)
        value = float(ranking.auroc(np.ones((len(own), 1)))[0])
        return estimate(value, ranking.auroc(self.weights.T), min(self._patients(own), self._patients(~own)))

    def _scores(self, group: str) -> Float32:
        """float32 [N, K]: how much more of each class than on average."""
        return self.smoother_matrices[group] @ np.eye(self.classes, dtype=np.float32)[self.y]

    def _share(self) -> Float64:
        return np.bincount(self.y, minlength=self.classes) / len(self.y)

    def _patients(self, rows: Bool) -> int:
        return len(np.unique(self.groups[rows]))
