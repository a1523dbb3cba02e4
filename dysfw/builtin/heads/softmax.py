"""The head ``softmax``."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from ...contracts.layers import softmax
from ...stats.folds import patient_folds
from ...types import Int64
from .linear import Float64, LinearHead, expand_to_all_classes
from .logistic_regression import LogisticRegression, to_principal_axes

# Candidates for C, from strong to weak regularisation. With standardised embeddings of 100 to 100,000 dimensions the best C has
# always been inside this range.
GRID = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2)
# Number of candidates in a row without an improvement after which the search stops.
PATIENCE = 2


class Softmax(LinearHead):
    """Multinomial logistic regression with an L2 penalty on standardised embeddings: the paper's classifier, regularised.

    Classes are balanced, so the probabilities assume that all conditions are equally common.

    Args:
        C: Inverse regularisation strength, above 0. Null chooses it by patient-wise cross-validation of the class-balanced log
            loss.
        folds: Number of folds of that cross-validation, at least 2.
        seed: Random seed of the folds.
    """

    def __init__(
        self, C: Annotated[float, Field(gt=0)] | None = None, folds: Annotated[int, Field(ge=2)] = 5, seed: int = 0
    ) -> None:
        super().__init__()
        self.C = C
        self.folds = folds
        self.seed = seed

    def solve(self, points: Float64, y: Int64, groups: Int64, classes: int) -> tuple[Float64, Float64]:
        """Fit the regression."""
        rotated, axes = to_principal_axes(points)
        self.C_ = self.C or self._choose_c(rotated, y, groups, classes)
        coef, intercept = _fit(LogisticRegression(rotated, y), self.C_, classes)
        return coef if axes is None else coef @ axes.T, intercept

    def _choose_c(self, points: Float64, y: Int64, groups: Int64, classes: int) -> float:
        try:
            splits = patient_folds(y, groups, self.folds, self.seed)
        except ValueError as error:
            raise ValueError(f"C cannot be chosen by cross-validation: {error}; set C in the recipe") from None
        models = [LogisticRegression(points[train_rows], y[train_rows]) for train_rows, _ in splits]
        best, best_loss, worse = float(GRID[0]), float("inf"), 0
        for candidate in GRID:
            losses = []
            for model, (_, test_rows) in zip(models, splits, strict=True):
                coef, intercept = _fit(model, candidate, classes)
                losses.append(_balanced_log_loss(points[test_rows] @ coef.T + intercept, y[test_rows]))
            loss = float(np.mean(losses))
            best, best_loss, worse = (candidate, loss, 0) if loss < best_loss else (best, best_loss, worse + 1)
            if worse == PATIENCE:
                break
        return best


def _fit(model: LogisticRegression, C: float, classes: int) -> tuple[Float64, Float64]:
    coef, intercept = model.fit(C)
    return expand_to_all_classes(coef, intercept, model.classes, classes)


def _balanced_log_loss(logits: Float64, y: Int64) -> float:
    """Mean over the classes present of the mean log loss of each."""
    loss = -np.log(np.maximum(softmax(logits)[np.arange(len(y)), y], 1e-12))
    members = np.bincount(y)
    return float(np.mean(np.bincount(y, loss)[members > 0] / members[members > 0]))
