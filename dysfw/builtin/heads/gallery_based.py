"""What heads share that keep the known cases and compare a new face with them: the cases, how alike two are, a temperature."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from ...contracts.components import Head, Layer
from ...contracts.layers import Affine, Softmax, Standardize, apply_layers
from ...types import Float32, GalleryCases, Int64, State
from .metric_space import Float64, Metric, MetricSpace
from .temperature import best_temperature, log_softmax

COLDEST, HOTTEST = 0.005, 2.0  # bounds of a temperature that divides cosines, which lie between -1 and 1
UNTOLD = 0.1  # the temperature where no condition has a second patient to learn it from
FOLDS = 5


class GalleryHead(Head):
    """A subclass says what cosines make of a condition; see ``scoring``. metric: see ``Space.of``. ``cases`` and ``likeness``:
    see ``dysfw.contracts.components.CaseBased``."""

    def __init__(self, metric: Metric) -> None:
        if metric not in ("within", "standard", "plain"):
            raise ValueError(f'metric must be "within", "standard" or "plain", found {metric!r}')
        self._metric = metric
        self._classes, self._temperature = 0, 0.0
        self._cases = GalleryCases(np.zeros((0, 0), np.float32), np.zeros(0, np.int64), np.zeros(0, np.int64))

    @abstractmethod
    def scoring(self, known: Float64, y: Int64) -> tuple[Layer, ...]:
        """Layers from float64 [N, M], cosines of N faces and M cases, to float64 [N, K], the larger the likelier, in units that
        a temperature divides. known float64 [M, D]: the cases at length 1; y int [M]: their classes."""

    @abstractmethod
    def tuned(self) -> float:
        """The temperature, from ``held_scores``; whatever else is chosen by these is chosen on the way."""

    def fit(self, x: Float32, y: Int64, classes: int, groups: Int64) -> None:
        if not len(y):
            raise ValueError("without a known case there is nothing to compare with")
        self._keep(GalleryCases(x.astype(np.float32), y.astype(np.int64), groups.astype(np.int64)), classes)
        self._temperature = self.tuned()

    def predict(self, x: Float32) -> Float32:
        return np.exp(log_softmax(apply_layers(self._scored(), x))).astype(np.float32)

    def layers(self) -> tuple[Layer, ...]:
        """See ``dysfw.contracts.components.Layered``."""
        return *self._scored(), Softmax()

    def cases(self) -> GalleryCases:
        return self._cases

    def similarity(self, x: Float32) -> Float32:
        return (self._space.units(x) @ self._known.T).astype(np.float32)

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
        self._keep(GalleryCases(state.arrays["x"].astype(np.float32), y, state.arrays["groups"].astype(np.int64)), classes)
        self._temperature = temperature

    def out_of_fold_scores(self) -> tuple[Float64, Int64]:
        """Scores [J, K] of photographs against the cases of other patients, in a space that these alone make, and their classes
        [J]: of all photographs of conditions of which another patient is known."""
        cases, parts = self._cases, _parts(self._cases)
        scores, judged = [np.zeros((0, self._classes))], [np.zeros(0, np.int64)]
        for part in range(FOLDS):
            test_rows, train_rows = np.flatnonzero(parts == part), np.flatnonzero(parts != part)
            if len(test_rows) and len(train_rows):
                space = MetricSpace.of(cases.x[train_rows], cases.y[train_rows], self._metric)
                known = space.units(cases.x[train_rows])
                scores.append(apply_layers(self.scoring(known, cases.y[train_rows]), space.units(cases.x[test_rows]) @ known.T))
                judged.append(cases.y[test_rows])
        return np.concatenate(scores), np.concatenate(judged)

    def _scored(self) -> tuple[Layer, ...]:
        """From embeddings to what the softmax takes."""
        if not self._classes:
            raise ValueError("this head is not fitted")
        scoring = self.scoring(self._known, self._cases.y)
        return *self._space.layers(), Affine(self._known), *scoring, Standardize(0.0, self._temperature)

    def _keep(self, cases: GalleryCases, classes: int) -> None:
        self._cases, self._classes = cases, classes
        self._space = MetricSpace.of(cases.x, cases.y, self._metric)
        self._known = self._space.units(cases.x)


def tuned_temperature(scores: Float64, y: Int64) -> tuple[float, float]:
    """The temperature with the least log loss, and that loss; ``UNTOLD`` where there is nothing to learn it from."""
    return best_temperature(scores, y, (COLDEST, HOTTEST)) if len(y) else (UNTOLD, np.inf)


def _parts(cases: GalleryCases) -> Int64:
    """int64 [M]: which of ``FOLDS`` parts each photograph is held out in, the patients of a condition dealt out in turn; -1,
    none, where they are those of a single patient."""
    parts = np.full(len(cases.y), -1, np.int64)
    for k in np.unique(cases.y):
        patients = list(dict.fromkeys(cases.groups[cases.y == k].tolist()))
        for number, patient in enumerate(patients if len(patients) > 1 else []):
            parts[(cases.groups == patient) & (parts < 0)] = number % FOLDS
    return parts
