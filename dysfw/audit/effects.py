"""Effect sizes of an audit: out-of-fold scores with bootstrap intervals, resampled by patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..stats.auroc import ClassRankings
from ..stats.bootstrap import Float64, estimate, patient_weights
from ..stats.estimate import Estimate
from ..stats.one_hot import one_hot
from ..types import Bool, Float32, Int64

RESAMPLES = 1000


@dataclass(frozen=True, eq=False)
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
        hot, drawn = one_hot(self.y, self.classes), self.weights.T
        with np.errstate(divide="ignore", invalid="ignore"):  # a patient with two labels is drawn with the first only
            recalls = (hot @ (drawn * correct[:, None])) / (hot @ drawn)
        value = (hot @ correct / hot.sum(axis=1)).mean()
        # The uncertainty of the mean is that of conditions all as small as the smallest.
        patients = self.classes * min(self._patients(self.y == k) for k in range(self.classes))
        return estimate(float(value), np.nanmean(recalls, axis=0), patients)

    def auroc(self, group: str, label: int) -> Estimate:
        """Return the AUROC of one condition against all others."""
        if group not in self._aurocs:
            self._aurocs[group] = self._of_classes(group)
        return self._aurocs[group][label]

    def _scores(self, group: str) -> Float32:
        """Return float32 [N, K], the predicted excess of each class over its mean share."""
        return np.asarray((one_hot(self.y, self.classes, dtype=np.float32) @ self.smoother_matrices[group].T).T)

    @cached_property
    def _aurocs(self) -> dict[str, list[Estimate]]:
        return {}

    def _of_classes(self, group: str) -> list[Estimate]:
        rankings = ClassRankings.of(np.round(self._scores(group).astype(np.float64), 6), self.y)
        values, resampled = rankings.auroc(np.ones((len(self.y), 1)))[:, 0], rankings.auroc(self.weights.T)
        patients = [min(self._patients(self.y == k), self._patients(self.y != k)) for k in range(self.classes)]
        return [estimate(float(one), b, n) for one, b, n in zip(values, resampled, patients, strict=True)]

    def _share(self) -> Float64:
        return np.bincount(self.y, minlength=self.classes) / len(self.y)

    def _patients(self, rows: Bool) -> int:
        return len(np.unique(self.groups[rows]))
