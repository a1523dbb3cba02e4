"""A linear support vector machine, one class against the others, whose margins are turned into probabilities."""

from __future__ import annotations

import warnings
from typing import Annotated

import numpy as np
from pydantic import Field

from ...stats.folds import patient_folds
from ...types import Int64
from .linear import Float64, LinearHead, for_all_classes
from .temperature import Folds, best_temperature, out_of_fold

GRID = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)  # on standardised embeddings of 100 numbers or more, larger ones only overfit
PATIENCE = 1  # candidates in a row without an improvement, after which weaker regularisation is not tried


class LinearSvm(LinearHead):
    """Linear support vector machines, each condition against the others (Cortes and Vapnik, Mach Learn 1995;20:273), with a
    squared hinge loss and an L2 penalty on standardised embeddings; every class weighs the same.

    Their margins are divided by one temperature, fitted to margins out of fold, and become probabilities by a softmax. Where
    the patients are too few for folds, the temperature is 1.

    C: inverse strength of the penalty, > 0. None chooses it by ``folds``-fold patient-wise cross-validation of the
    class-balanced log loss. folds: 2 or more. seed: of those folds.
    """

    def __init__(
        self, C: Annotated[float, Field(gt=0)] | None = None, folds: Annotated[int, Field(ge=2)] = 5, seed: int = 0
    ) -> None:
        super().__init__()
        if (C is not None and C <= 0) or folds < 2:
            raise ValueError(f"C must be above 0 and folds 2 or more, found {C} and {folds}")
        self.C, self.folds, self.seed = C, folds, seed

    def solve(self, points: Float64, y: Int64, groups: Int64, classes: int) -> tuple[Float64, Float64]:
        self.chosen, temperature = self._choose(points, y, groups, classes)
        coef, intercept = self._machines(points, y, classes, self.chosen)
        return coef / temperature, intercept / temperature

    def _choose(self, points: Float64, y: Int64, groups: Int64, classes: int) -> tuple[float, float]:
        """C, and the temperature of its margins."""
        try:
            folds = patient_folds(y, groups, self.folds, self.seed)
        except ValueError as error:
            if self.C:
                return self.C, 1.0
            raise ValueError(f"C cannot be chosen by cross-validation: {error}; set C in the recipe") from None
        best, worse = (np.inf, 0.0, 1.0), 0
        for candidate in (self.C,) if self.C else GRID:
            temperature, loss = self._tried(points, y, classes, folds, candidate)
            best, worse = ((loss, candidate, temperature), 0) if loss < best[0] else (best, worse + 1)
            if worse > PATIENCE:
                break
        return best[1], best[2]

    def _tried(self, points: Float64, y: Int64, classes: int, folds: Folds, C: float) -> tuple[float, float]:
        """The temperature of the margins out of fold, and their loss."""

        def score(train_rows: Int64, test_rows: Int64) -> Float64:
            coef, intercept = self._machines(points[train_rows], y[train_rows], classes, C)
            return points[test_rows] @ coef.T + intercept

        scores, judged = out_of_fold(score, folds, len(y), classes)
        return best_temperature(scores, y[judged])

    def _machines(self, points: Float64, y: Int64, classes: int, C: float) -> tuple[Float64, Float64]:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.svm import LinearSVC

        machine = LinearSVC(C=C, class_weight="balanced", dual="auto", tol=1e-4, max_iter=20_000, random_state=self.seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # margins that are a little off are calibrated all the same
            machine.fit(points, y)
        return for_all_classes(machine.coef_, machine.intercept_, machine.classes_, classes)
