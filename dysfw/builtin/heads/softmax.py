"""The paper's classifier: a softmax over embeddings, here regularised and balanced for 25 photographs against 150."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field
from threadpoolctl import threadpool_limits

from ...components import Head
from ...folds import patient_folds
from ...types import Float32, Int64, State

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

Float64 = npt.NDArray[np.float64]

# Candidates for C, from strong to weak regularisation. With standardised embeddings the best has been found inside this
# range for 100 to 100,000 dimensions.
GRID = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2)
# Candidates are tried from strong to weak; after so many in a row without an improvement the weaker ones are not tried.
PATIENCE = 2


class Softmax(Head):
    """Multinomial logistic regression with an L2 penalty on standardised embeddings; every class weighs the same.

    Because classes are balanced, probabilities assume that each condition is equally common.

    C: inverse strength of the penalty, > 0. None chooses it by ``folds``-fold patient-wise cross-validation of the
    class-balanced log loss. seed: of those folds.
    """

    def __init__(
        self, C: Annotated[float, Field(gt=0)] | None = None, folds: Annotated[int, Field(ge=2)] = 5, seed: int = 0
    ) -> None:
        self.C = C
        self.folds = folds
        self.seed = seed
        self.chosen = 0.0
        self.mean: Float32 = np.empty(0, np.float32)
        self.scale: Float32 = np.empty(0, np.float32)
        self.coef: Float32 = np.empty((0, 0), np.float32)  # [K, dim]
        self.intercept: Float32 = np.empty(0, np.float32)

    def fit(self, x: Float32, y: Int64, classes: int, groups: Int64) -> None:
        if len(np.unique(y)) < 2:
            raise ValueError("a classifier needs examples of at least two classes")
        mean = x.mean(axis=0, dtype=np.float64)
        spread = x.std(axis=0, dtype=np.float64)
        spread[spread < 1e-12] = 1.0
        # The matrices are small: several BLAS threads would spend their time waiting for one another (6 times as long).
        with threadpool_limits(1):
            points, basis = _in_own_span((x - mean) / spread)
            self.chosen = self.C or self._choose(points, y, groups, classes)
            model = _regression(self.chosen).fit(points, y)
        coef, intercept = _for_all_classes(model, classes)
        self.mean, self.scale = mean.astype(np.float32), spread.astype(np.float32)
        self.coef, self.intercept = (coef @ basis).astype(np.float32), intercept.astype(np.float32)

    def predict(self, x: Float32) -> Float32:
        if not self.coef.size:
            raise ValueError("this head is not fitted")
        return _probabilities((x - self.mean) / self.scale @ self.coef.T + self.intercept)

    def state(self) -> State:
        arrays = {"mean": self.mean, "scale": self.scale, "coef": self.coef, "intercept": self.intercept}
        return State(arrays, {"C": self.chosen})

    def restore(self, state: State) -> None:
        shapes = {name: np.shape(state.arrays.get(name, ())) for name in ("mean", "scale", "coef", "intercept")}
        dim, classes = shapes["coef"][::-1] if len(shapes["coef"]) == 2 else (0, 0)
        fits = shapes == {"mean": (dim,), "scale": (dim,), "coef": (classes, dim), "intercept": (classes,)}
        if not dim or not fits or "C" not in state.values:
            raise ValueError(f"state of another kind of head: {shapes}")
        self.mean, self.scale, self.coef, self.intercept = (state.arrays[name].astype(np.float32) for name in shapes)
        self.chosen = float(str(state.values["C"]))

    def _choose(self, points: Float64, y: Int64, groups: Int64, classes: int) -> float:
        try:
            splits = patient_folds(y, groups, self.folds, self.seed)
        except ValueError as error:
            raise ValueError(f"C cannot be chosen by cross-validation: {error}; set C in the recipe") from None
        models = [_regression(GRID[0]) for _ in splits]
        best, best_loss, worse = float(GRID[0]), float("inf"), 0
        for candidate in GRID:
            losses = [
                _balanced_log_loss(model.set_params(C=candidate).fit(points[learn], y[learn]), points[held], y[held], classes)
                for model, (learn, held) in zip(models, splits, strict=True)
            ]
            loss = float(np.mean(losses))
            best, best_loss, worse = (candidate, loss, 0) if loss < best_loss else (best, best_loss, worse + 1)
            if worse == PATIENCE:
                break
        return best


def _regression(C: float) -> LogisticRegression:
    from sklearn.linear_model import LogisticRegression  # a second to import, which a trained head never needs

    # warm_start: along the grid each fit begins where the last, slightly stronger one ended
    return LogisticRegression(C=C, class_weight="balanced", max_iter=10_000, tol=1e-6, warm_start=True)


def _in_own_span(standard: Float64) -> tuple[Float64, Float64]:
    """Coordinates of the rows in an orthonormal basis of what they span, and that basis.

    An L2 penalty does not see rotations, so fitting there gives the same classifier, and with fewer photographs than
    dimensions (the usual case) it is many times cheaper.
    """
    n, dim = standard.shape
    if n >= dim:
        return standard, np.eye(dim)
    u, s, basis = np.linalg.svd(standard, full_matrices=False)
    return u * s, basis


def _for_all_classes(model: LogisticRegression, classes: int) -> tuple[Float64, Float64]:
    """Coefficients [K, dim] and intercepts [K]. A class without an example here gets the mean of the others': the head has
    then no opinion for or against it."""
    coef, intercept = model.coef_, model.intercept_
    if len(coef) == 1:  # scikit-learn's form for two classes
        coef, intercept = np.vstack([-coef, coef]) / 2, np.concatenate([-intercept, intercept]) / 2
    all_coef = np.tile(coef.mean(axis=0), (classes, 1))
    all_intercept = np.full(classes, intercept.mean())
    all_coef[model.classes_], all_intercept[model.classes_] = coef, intercept
    return all_coef, all_intercept


def _probabilities(logits: npt.NDArray[np.floating[Any]]) -> Float32:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), np.float32)


def _balanced_log_loss(model: LogisticRegression, points: Float64, y: Int64, classes: int) -> float:
    """Mean over the classes present of the mean log loss of each."""
    coef, intercept = _for_all_classes(model, classes)
    probability = _probabilities(points @ coef.T + intercept)[np.arange(len(y)), y]
    loss = -np.log(np.maximum(probability, 1e-12))
    return float(np.mean([loss[y == k].mean() for k in np.unique(y)]))
