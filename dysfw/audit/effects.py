"""Effect sizes of an audit: out-of-fold scores with bootstrap intervals, resampled by patient."""

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
    """Out-of-fold scores of predictions from each group of features.

    Attributes:
        y: int64 [N], class of each image.
        groups: int64 [N], patient of each image.
        classes: Number of classes, K.
        smoother_matrices: float32 [N, N] for each group of features, see ``predict.by_group``.
        weights: float64 [B, N], bootstrap weights.
    """

    y: Int64
    groups: Int64
    classes: int
    smoother_matrices: Mapping[str, Float32]
    weights: Float64

    @classmethod
    def make(cls, y: Int64, groups: Int64, classes: int, smoother_matrices: Mapping[str, Float32], seed: int) -> Effects:
        """Draw the bootstrap weights.

        Args:
            y: int64 [N], class of each image.
            groups: int64 [N], patient of each image.
            classes: Number of classes.
            smoother_matrices: float32 [N, N] for each group of features.
            seed: Random seed.

        Returns:
            The effects.
        """
        return cls(y, groups, classes, smoother_matrices, patient_weights(y, groups, RESAMPLES, seed))

    def accuracy(self, group: str) -> Estimate:
        """Return the accuracy: the share of images whose condition has the highest probability."""
        correct = (self._share() + self._scores(group)).argmax(axis=1) == self.y
        resampled = self.weights @ correct / self.weights.sum(axis=1)
        return estimate(float(correct.mean()), resampled, self._patients(np.ones(len(self.y), bool)))

    def balanced_accuracy(self, group: str) -> Estimate:
        """Return the balanced accuracy: the mean sensitivity, with all conditions assumed equally common."""
        correct = (self._scores(group) / self._share()).argmax(axis=1) == self.y
        hot = np.eye(self.classes)[self.y]
        with np.errstate(divide="ignore", invalid="ignore"):  # a patient with two labels is drawn with the first only
            recalls = ((self.weights * correct) @ hot) / (self.weights @ hot)
        value = (correct @ hot / hot.sum(axis=0)).mean()
        # The uncertainty of the mean is that of conditions all as small as the smallest.
        patients = self.classes * min(self._patients(self.y == k) for k in range(self.classes))
        return estimate(float(value), np.nanmean(recalls, axis=1), patients)

    def auroc(self, group: str, label: int) -> Estimate:
        """Return the AUROC of one condition against all others."""
        positive = self.y == label
        ranking = Ranking.of(np.round(self._scores(group)[:, label].astype(np.float64), 6), positive)
        value = float(ranking.auroc(np.ones((len(positive), 1)))[0])
        return estimate(value, ranking.auroc(self.weights.T), min(self._patients(positive), self._patients(~positive)))

    def _scores(self, group: str) -> Float32:
        """Return float32 [N, K], the predicted excess of each class over its mean share."""
        return self.smoother_matrices[group] @ np.eye(self.classes, dtype=np.float32)[self.y]

    def _share(self) -> Float64:
        return np.bincount(self.y, minlength=self.classes) / len(self.y)

    def _patients(self, rows: Bool) -> int:
        return len(np.unique(self.groups[rows]))
