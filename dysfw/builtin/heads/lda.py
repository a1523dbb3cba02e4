"""The head ``lda``."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from ...stats.folds import patient_folds
from ...stats.one_hot import one_hot
from ...types import Int64
from .covariance import common_covariance
from .linear import Float64, LinearHead, expand_to_all_classes
from .temperature import best_temperature, out_of_fold_scores


class Lda(LinearHead):
    """Linear discriminant analysis (Fisher, Ann Eugen 1936;7:179) with equal class priors and a shrunk covariance.

    Discriminants are overconfident, so they are divided by a temperature that is fitted out of fold. The temperature is 1 if
    there are too few patients for folds.

    Args:
        shrinkage: Shrinkage of the covariance towards a multiple of the identity, 0 to 1. Null estimates it (Ledoit and Wolf,
            J Multivar Anal 2004;88:365).
        folds: Number of patient-wise folds for the temperature, at least 2.
        seed: Random seed of the folds.
    """

    def __init__(
        self,
        shrinkage: Annotated[float, Field(ge=0, le=1)] | None = None,
        folds: Annotated[int, Field(ge=2)] = 5,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if (shrinkage is not None and not 0 <= shrinkage <= 1) or folds < 2:
            raise ValueError(f"shrinkage must be from 0 to 1 and folds 2 or more, found {shrinkage} and {folds}")
        self.shrinkage, self.folds, self.seed = shrinkage, folds, seed

    def solve(self, points: Float64, y: Int64, groups: Int64, classes: int) -> tuple[Float64, Float64]:
        """Fit the discriminants and their temperature."""
        coef, intercept = self._discriminants(points, y, classes)
        temperature = self._temperature(points, y, groups, classes)
        return coef / temperature, intercept / temperature

    def _temperature(self, points: Float64, y: Int64, groups: Int64, classes: int) -> float:
        def score(train_rows: Int64, test_rows: Int64) -> Float64:
            coef, intercept = self._discriminants(points[train_rows], y[train_rows], classes)
            return points[test_rows] @ coef.T + intercept

        try:
            folds = patient_folds(y, groups, self.folds, self.seed)
        except ValueError:
            return 1.0
        scores, rows = out_of_fold_scores(score, folds, len(y), classes)
        return best_temperature(scores, y[rows])[0]

    def _discriminants(self, points: Float64, y: Int64, classes: int) -> tuple[Float64, Float64]:
        from scipy.linalg import cho_factor, cho_solve, lstsq

        present, members = np.unique(y, return_inverse=True)
        means = np.asarray(one_hot(members, len(present)) @ points) / np.bincount(members)[:, None]
        covariance = common_covariance(points, y, self.shrinkage)
        try:
            coef = cho_solve(cho_factor(covariance, lower=True), means.T).T
        except np.linalg.LinAlgError:  # singular, because nothing was shrunk
            coef = lstsq(covariance, means.T)[0].T
        intercept = -0.5 * (means * coef).sum(axis=1)
        if len(present) == 2:
            coef, intercept = coef[1:] - coef[:1], intercept[1:] - intercept[:1]
        return expand_to_all_classes(coef, intercept, present, classes)
