"""Classifies by the nearest known cases, as GestaltMatcher does."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy.optimize import minimize_scalar

from ...components import Head
from ...types import Bool, Cases, Float32, Int64, State

Float64 = npt.NDArray[np.float64]
COLDEST, HOTTEST = 0.005, 2.0  # bounds of the temperature; cosines lie between -1 and 1
FAR = -1.0  # likeness to a condition of which no case is known


class Gallery(Head):
    """Cosine similarity to known cases (GestaltMatcher: Hsieh et al., Nat Genet 2022;54:349): a condition is as likely as its
    nearest case, or its mean, is alike. New cases, also of new conditions, join without any training: ``dysfw gallery``.

    by: "nearest" case, or "mean" of a condition's cases. standardise: first bring each number to mean 0 and deviation 1 over
    all cases, every condition weighing the same; False compares the embeddings as they are. temperature: what similarities
    are divided by before the softmax, 0.005 to 2; None takes the one that, each patient being held against the others, gives
    the truth the highest probability (log loss, every condition weighing the same).
    """

    def __init__(
        self,
        by: Literal["nearest", "mean"] = "nearest",
        standardise: bool = True,
        temperature: Annotated[float, Field(ge=COLDEST, le=HOTTEST)] | None = None,
    ) -> None:
        if temperature is not None and not COLDEST <= temperature <= HOTTEST:
            raise ValueError(f"temperature must be from {COLDEST} to {HOTTEST}, found {temperature}")
        self._by, self._standardise, self._asked = by, standardise, temperature
        self._classes, self._temperature = 0, 0.0
        self._cases = Cases(np.zeros((0, 0), np.float32), np.zeros(0, np.int64), np.zeros(0, np.int64))

    def fit(self, x: Float32, y: Int64, classes: int, groups: Int64) -> None:
        self._keep(Cases(x.astype(np.float32), y.astype(np.int64), groups.astype(np.int64)), classes)
        self._temperature = self._asked or self._fitted_temperature()

    def predict(self, x: Float32) -> Float32:
        if not self._classes:
            raise ValueError("this head is not fitted")
        return np.exp(_log_softmax(self._scores(self._units(x)) / self._temperature)).astype(np.float32)

    def cases(self) -> Cases:
        """See ``dysfw.components.CaseBased``."""
        return self._cases

    def likeness(self, x: Float32) -> Float32:
        """See ``dysfw.components.CaseBased``: cosines."""
        return (self._units(x) @ self._known.T).astype(np.float32)

    def state(self) -> State:
        cases = self._cases
        return State(
            {"x": cases.x, "y": cases.y, "groups": cases.groups}, {"classes": self._classes, "temperature": self._temperature}
        )

    def restore(self, state: State) -> None:
        shapes = {name: np.shape(state.arrays.get(name, 0)) for name in ("x", "y", "groups")}
        number = len(np.atleast_1d(state.arrays.get("y", np.zeros(0))))
        if len(shapes["x"]) != 2 or any(shape[:1] != (number,) for shape in shapes.values()) or not number:
            raise ValueError(f"state of another kind of head: {shapes}")
        classes, temperature = int(str(state.values.get("classes", 0))), float(str(state.values.get("temperature", 0)))
        y = state.arrays["y"].astype(np.int64)
        if not (y.min() >= 0 and y.max() < classes and temperature > 0):
            raise ValueError(f"state of another kind of head: {classes} classes, temperature {temperature}")
        self._keep(Cases(state.arrays["x"].astype(np.float32), y, state.arrays["groups"].astype(np.int64)), classes)
        self._temperature = temperature

    def _keep(self, cases: Cases, classes: int) -> None:
        self._cases, self._classes = cases, classes
        weights = 1 / np.bincount(cases.y, minlength=classes)[cases.y]
        self._middle, self._spread = np.zeros(cases.x.shape[1]), np.ones(cases.x.shape[1])
        if self._standardise:
            self._middle = np.average(cases.x, axis=0, weights=weights)
            self._spread = np.sqrt(np.average((cases.x - self._middle) ** 2, axis=0, weights=weights))
            self._spread[self._spread < 1e-12] = 1.0
        self._known = self._units(cases.x)

    def _units(self, x: Float32) -> Float64:
        """float64 [N, dim] of length 1; a row of zeros stays one."""
        standard = (x.astype(np.float64) - self._middle) / self._spread
        units: Float64 = standard / np.maximum(np.linalg.norm(standard, axis=1, keepdims=True), 1e-12)
        return units

    def _scores(self, units: Float64, groups: Int64 | None = None) -> Float64:
        """float64 [N, K]: how alike each row is to each condition. groups: of the rows, whose own patients do not count."""
        likeness = units @ self._known.T
        usable: Bool = np.ones(likeness.shape, bool) if groups is None else groups[:, None] != self._cases.groups
        scores = np.full((len(units), self._classes), FAR)
        for k in np.unique(self._cases.y):
            of_class = self._cases.y == k
            mine = usable[:, of_class]
            if self._by == "nearest":
                scores[:, k] = np.where(mine, likeness[:, of_class], FAR).max(axis=1)
            else:
                means = mine @ self._known[of_class]
                length = np.maximum(np.linalg.norm(means, axis=1), 1e-12)
                scores[:, k] = np.where(mine.any(axis=1), (units * means).sum(axis=1) / length, FAR)
        return scores

    def _fitted_temperature(self) -> float:
        """Over the photographs of conditions of which another patient is known."""
        cases = self._cases
        patients = np.array([len(np.unique(cases.groups[cases.y == k])) for k in range(self._classes)])
        judged = patients[cases.y] > 1
        if not judged.any():
            return 0.1  # nothing to learn it from: neighbours 0.1 more alike are then e times as likely
        scores, y = self._scores(self._known[judged], cases.groups[judged]), cases.y[judged]
        weights = 1 / np.bincount(y, minlength=self._classes)[y]

        def loss(log_temperature: float) -> float:
            return -float(np.average(_log_softmax(scores / np.exp(log_temperature))[np.arange(len(y)), y], weights=weights))

        found = minimize_scalar(loss, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded")
        return float(np.exp(found.x))


def _log_softmax(scores: Float64) -> Float64:
    shifted = scores - scores.max(axis=1, keepdims=True)
    normalised: Float64 = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return normalised
