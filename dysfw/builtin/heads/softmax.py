"""The paper's classifier: a softmax over embeddings, here regularised and balanced for 25 photographs against 150."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from ...contracts.layers import softmax
from ...stats.folds import patient_folds
from ...types import Int64
from .linear import Float64, LinearHead, for_all_classes

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

# Candidates for C, from strong to weak regularisation. With standardised embeddings the best has been found inside this
# range for 100 to 100,000 dimensions.
GRID = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2)
# Candidates are tried from strong to weak; after so many in a row without an improvement the weaker ones are not tried.
PATIENCE = 2


class Softmax(LinearHead):
    """Multinomial logistic regression with an L2 penalty on standardised embeddings; every class weighs the same.

    Because classes are balanced, probabilities assume that each condition is equally common.

    C: inverse strength of the penalty, > 0. None chooses it by ``folds``-fold patient-wise cross-validation of the
    class-balanced log loss. folds: 2 or more. seed: of those folds.
    """

    def __init__(
        self, C: Annotated[float, Field(gt=0)] | None = None, folds: Annotated[int, Field(ge=2)] = 5, seed: int = 0
    ) -> None:
        super().__init__()
        self.C = C
        self.folds = folds
        self.seed = seed

    def solve(self, points: Float64, y: Int64, groups: Int64, classes: int) -> tuple[Float64, Float64]:
        self.chosen = self.C or self._choose(points, y, groups, classes)
        model = _regression(self.chosen, tol=1e-6).fit(points, y)
        return for_all_classes(model.coef_, model.intercept_, model.classes_, classes)

    def _choose(self, points: Float64, y: Int64, groups: Int64, classes: int) -> float:
        try:
            splits = patient_folds(y, groups, self.folds, self.seed)
        except ValueError as error:
            raise ValueError(f"C cannot be chosen by cross-validation: {error}; set C in the recipe") from None
        models = [_regression(GRID[0], tol=1e-4) for _ in splits]  # finer changes hardly a choice, and takes twice as long
        best, best_loss, worse = float(GRID[0]), float("inf"), 0
        for candidate in GRID:
            losses = [
                _balanced_log_loss(
                    model.set_params(C=candidate).fit(points[train_rows], y[train_rows]),
                    points[test_rows],
                    y[test_rows],
                    classes,
                )
                for model, (train_rows, test_rows) in zip(models, splits, strict=True)
            ]
            loss = float(np.mean(losses))
            best, best_loss, worse = (candidate, loss, 0) if loss < best_loss else (best, best_loss, worse + 1)
            if worse == PATIENCE:
                break
        return best


def _regression(C: float, tol: float) -> LogisticRegression:
    from sklearn.linear_model import LogisticRegression  # a second to import, which a trained head never needs

    # warm_start: along the grid each fit begins where the last, slightly stronger one ended
    return LogisticRegression(C=C, class_weight="balanced", max_iter=10_000, tol=tol, warm_start=True)


def _balanced_log_loss(model: LogisticRegression, points: Float64, y: Int64, classes: int) -> float:
    """Mean over the classes present of the mean log loss of each."""
    coef, intercept = for_all_classes(model.coef_, model.intercept_, model.classes_, classes)
    probability = softmax(points @ coef.T + intercept)[np.arange(len(y)), y]
    loss = -np.log(np.maximum(probability, 1e-12))
    return float(np.mean([loss[y == k].mean() for k in np.unique(y)]))
