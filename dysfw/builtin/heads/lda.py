"""The head ``lda``."""

from __future__ import annotations

import warnings
from typing import Annotated

import numpy as np
from pydantic import Field

from ...stats.folds import patient_folds
from ...types import Int64
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
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        present = np.unique(y)
        shrinkage = "auto" if self.shrinkage is None else self.shrinkage
        model = LinearDiscriminantAnalysis("lsqr", shrinkage=shrinkage, priors=np.full(len(present), 1 / len(present)))
        with warnings.catch_warnings():
            # A condition with a single image in a fold correctly adds nothing to the common covariance.
            warnings.filterwarnings("ignore", "Only one sample available", UserWarning)
            model.fit(points, y)
        return expand_to_all_classes(model.coef_, model.intercept_, model.classes_, classes)
