"""Base class of heads that keep a gallery and compare faces with it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from ...contracts.components import Head, Layer
from ...contracts.layers import Affine, Softmax, Standardize, apply_layers
from ...types import Float32, GalleryCases, Int64, State
from .metric_space import Float64, Metric, MetricSpace
from .temperature import best_temperature, log_softmax

MIN_TEMPERATURE, MAX_TEMPERATURE = 0.005, 2.0  # for cosines, which lie between -1 and 1
DEFAULT_TEMPERATURE = 0.1  # if no condition has a second patient to fit the temperature to
FOLDS = 5
ROWS = 1024  # faces compared with all cases at a time


class GalleryHead(Head):
    """A head that keeps its training images as gallery cases.

    Implements ``dysfw.contracts.components.GalleryBased`` and ``SupportsLayers``. Subclasses implement ``scoring_layers`` and
    ``tune``.

    Args:
        metric: How embeddings are scaled before comparison; see ``MetricSpace.of``.
    """

    def __init__(self, metric: Metric) -> None:
        if metric not in ("within", "standard", "plain"):
            raise ValueError(f'metric must be "within", "standard" or "plain", found {metric!r}')
        self._metric = metric
        self._classes, self._temperature = 0, 0.0
        self._cases = GalleryCases(np.zeros((0, 0), np.float32), np.zeros(0, np.int64), np.zeros(0, np.int64))

    @abstractmethod
    def scoring_layers(self, gallery: Float64, y: Int64) -> tuple[Layer, ...]:
        """Return layers that turn cosines [N, M] of N faces and M cases into scores [N, K] of the conditions.

        Args:
            gallery: float64 [M, D], unit vectors of the cases.
            y: int64 [M], their classes.

        Returns:
            Layers whose scores are higher for more probable conditions, and are to be divided by the temperature.
        """

    @abstractmethod
    def tune(self) -> float:
        """Choose the temperature, and any other parameter, by ``out_of_fold_scores``.

        Returns:
            The temperature.
        """

    def fit(self, x: Float32, y: Int64, classes: int, groups: Int64) -> None:
        """Fit the head."""
        if not len(y):
            raise ValueError("a gallery needs at least one case")
        self._set_cases(GalleryCases(x.astype(np.float32), y.astype(np.int64), groups.astype(np.int64)), classes)
        self._temperature = self.tune()

    def predict(self, x: Float32) -> Float32:
        """Predict probabilities."""
        logits = _by_rows(self._logit_layers(), x, self._classes)
        return np.exp(log_softmax(logits)).astype(np.float32)

    def layers(self) -> tuple[Layer, ...]:
        """Return the layers that compute ``predict``."""
        return *self._logit_layers(), Softmax()

    def cases(self) -> GalleryCases:
        """Return the cases the head was fitted on."""
        return self._cases

    def similarity(self, x: Float32) -> Float32:
        """Compute the cosine similarity of embeddings to each case."""
        return (self._space.unit_vectors(x) @ self._gallery.T).astype(np.float32)

    def state(self) -> State:
        """Return the fitted state."""
        cases = self._cases
        return State(
            {"x": cases.x, "y": cases.y, "groups": cases.groups}, {"classes": self._classes, "temperature": self._temperature}
        )

    def restore(self, state: State) -> None:
        """Restore the fitted state."""
        shapes = {name: np.shape(state.arrays.get(name, 0)) for name in ("x", "y", "groups")}
        number = len(np.atleast_1d(state.arrays.get("y", np.zeros(0))))
        if len(shapes["x"]) != 2 or any(shape[:1] != (number,) for shape in shapes.values()) or not number:
            raise ValueError(f"state of another kind of head: {shapes}")
        classes, temperature = int(str(state.values.get("classes", 0))), float(str(state.values.get("temperature", 0)))
        y = state.arrays["y"].astype(np.int64)
        if not (y.min() >= 0 and y.max() < classes and temperature > 0):
            raise ValueError(f"state of another kind of head: {classes} classes, temperature {temperature}")
        self._set_cases(GalleryCases(state.arrays["x"].astype(np.float32), y, state.arrays["groups"].astype(np.int64)), classes)
        self._temperature = temperature

    def out_of_fold_scores(self) -> tuple[Float64, Int64]:
        """Score each case against the cases of other patients, in a metric space fitted to those alone.

        Returns:
            float64 [J, K], the scores of all cases of conditions with at least two patients, and int64 [J], their classes.
        """
        cases, folds = self._cases, _folds(self._cases)
        scores: list[Float64] = [np.zeros((0, self._classes))]
        labels = [np.zeros(0, np.int64)]
        for fold in range(FOLDS):
            test_rows, train_rows = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
            if len(test_rows) and len(train_rows):
                space = MetricSpace.of(cases.x[train_rows], cases.y[train_rows], self._metric)
                gallery = space.unit_vectors(cases.x[train_rows])
                layers = (Affine(gallery), *self.scoring_layers(gallery, cases.y[train_rows]))
                scores.append(_by_rows(layers, space.unit_vectors(cases.x[test_rows]), self._classes))
                labels.append(cases.y[test_rows])
        return np.concatenate(scores), np.concatenate(labels)

    def _logit_layers(self) -> tuple[Layer, ...]:
        if not self._classes:
            raise ValueError("this head is not fitted")
        scoring = self.scoring_layers(self._gallery, self._cases.y)
        return *self._space.layers(), Affine(self._gallery), *scoring, Standardize(0.0, self._temperature)

    def _set_cases(self, cases: GalleryCases, classes: int) -> None:
        self._cases, self._classes = cases, classes
        self._space = MetricSpace.of(cases.x, cases.y, self._metric)
        self._gallery = self._space.unit_vectors(cases.x)


def fit_temperature(scores: Float64, y: Int64) -> tuple[float, float]:
    """Fit the temperature of a gallery head.

    Args:
        scores: float64 [N, K], out-of-fold scores.
        y: int64 [N], the true classes.

    Returns:
        The temperature and its log loss; ``DEFAULT_TEMPERATURE`` and infinity if there are no scores.
    """
    return best_temperature(scores, y, (MIN_TEMPERATURE, MAX_TEMPERATURE)) if len(y) else (DEFAULT_TEMPERATURE, np.inf)


def _folds(cases: GalleryCases) -> Int64:
    """int64 [M], the fold of each case, by patient within each condition; -1 if the condition has a single patient."""
    rows_of: dict[int, list[int]] = {}
    patients_of: dict[int, dict[int, None]] = {}
    for row, (k, patient) in enumerate(zip(cases.y.tolist(), cases.groups.tolist(), strict=True)):
        rows_of.setdefault(patient, []).append(row)
        patients_of.setdefault(k, {})[patient] = None
    folds = np.full(len(cases.y), -1, np.int64)
    for k in sorted(patients_of):
        for number, patient in enumerate(patients_of[k] if len(patients_of[k]) > 1 else ()):
            rows = np.array(rows_of[patient])
            folds[rows[folds[rows] < 0]] = number % FOLDS
    return folds


def _by_rows(layers: Sequence[Layer], x: Float32 | Float64, classes: int) -> Float64:
    """Apply layers to [N, D] in blocks, because a cosine of each face and case would fill the memory; float64 [N, K]."""
    scores = np.empty((len(x), classes))
    for start in range(0, len(x), ROWS):
        scores[start : start + ROWS] = apply_layers(layers, x[start : start + ROWS])
    return scores
