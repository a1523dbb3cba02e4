"""The head ``linear_svm``."""

from __future__ import annotations

import warnings
from typing import Annotated

import numpy as np
from pydantic import Field

from ...stats.folds import patient_folds
from ...types import Int64
from .linear import Float64, LinearHead, expand_to_all_classes
from .temperature import Folds, best_temperature, out_of_fold_scores

GRID = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)  # larger values overfit on standardised embeddings of 100 dimensions or more
PATIENCE = 1  # candidates in a row without an improvement before the search stops


class LinearSvm(LinearHead):
    """One-vs-rest linear support vector machine (Cortes and Vapnik, Mach Learn 1995;20:273).

    Uses a squared hinge loss with an L2 penalty on standardised embeddings, class-balanced. The margins are divided by a
    temperature that is fitted out of fold, and a softmax turns them into probabilities. The temperature is 1 if there are too
    few patients for folds.

    Args:
        C: Inverse regularisation strength, above 0. Null chooses it by patient-wise cross-validation of the class-balanced log
            loss.
        folds: Number of patient-wise folds, at least 2.
        seed: Random seed of the folds and the solver.
    """

    def __init__(
        self, C: Annotated[float, Field(gt=0)] | None = None, folds: Annotated[int, Field(ge=2)] = 5, seed: int = 0
    ) -> None:
        super().__init__()
        if (C is not None and C <= 0) or folds < 2:
            raise ValueError(f"C must be above 0 and folds 2 or more, found {C} and {folds}")
        self.C, self.folds, self.seed = C, folds, seed

    def solve(self, points: Float64, y: Int64, groups: Int64, classes: int) -> tuple[Float64, Float64]:
        """Fit the machines and their temperature."""
        self.C_, temperature = self._choose_c(points, y, groups, classes)
        coef, intercept = self._machines(points, y, classes, self.C_)
        return coef / temperature, intercept / temperature

    def _choose_c(self, points: Float64, y: Int64, groups: Int64, classes: int) -> tuple[float, float]:
        """Return C and the temperature of its margins."""
        try:
            folds = patient_folds(y, groups, self.folds, self.seed)
        except ValueError as error:
            if self.C:
                return self.C, 1.0
            raise ValueError(f"C cannot be chosen by cross-validation: {error}; set C in the recipe") from None
        best, worse = (np.inf, 0.0, 1.0), 0
        for candidate in (self.C,) if self.C else GRID:
            temperature, loss = self._cross_validate(points, y, classes, folds, candidate)
            best, worse = ((loss, candidate, temperature), 0) if loss < best[0] else (best, worse + 1)
            if worse > PATIENCE:
                break
        return best[1], best[2]

    def _cross_validate(self, points: Float64, y: Int64, classes: int, folds: Folds, C: float) -> tuple[float, float]:
        """Return the temperature of the out-of-fold margins and their loss."""

        def score(train_rows: Int64, test_rows: Int64) -> Float64:
            coef, intercept = self._machines(points[train_rows], y[train_rows], classes, C)
            return points[test_rows] @ coef.T + intercept

        scores, rows = out_of_fold_scores(score, folds, len(y), classes)
        return best_temperature(scores, y[rows])

    def _machines(self, points: Float64, y: Int64, classes: int, C: float) -> tuple[Float64, Float64]:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.svm import LinearSVC

        machine = LinearSVC(C=C, class_weight="balanced", dual="auto", tol=1e-4, max_iter=20_000, random_state=self.seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # calibration corrects margins that are slightly off
            machine.fit(points, y)
        return expand_to_all_classes(machine.coef_, machine.intercept_, machine.classes_, classes)
