"""Base class of heads that keep a gallery and compare faces with it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

import numpy as np

from ...contracts.components import Head, Layer
from ...contracts.layers import Softmax, Standardize, apply_layers
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
        # The space of the cases and the layers from there to scores. Fitting and saving do not need them.
        self._space: MetricSpace | None = None
        self._scoring: tuple[Layer, ...] = ()
        self._gallery: Float64 | None = None  # unit vectors of the cases, for ``similarity``

    @abstractmethod
    def scoring_layers(self, gallery: Float64, y: Int64) -> tuple[Layer, ...]:
        """Return layers that turn unit vectors [N, D] of N faces into scores [N, K] of the conditions.

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
        space, scoring = self._prepared()
        logits = np.empty((len(x), self._classes))
        for rows in _blocks(len(x)):
            logits[rows] = apply_layers(scoring, space.unit_vectors(x[rows]))
        logits /= self._temperature
        return np.exp(log_softmax(logits)).astype(np.float32)

    def layers(self) -> tuple[Layer, ...]:
        """Return the layers that compute ``predict``."""
        space, scoring = self._prepared()
        return *space.layers(), *scoring, Standardize(0.0, self._temperature), Softmax()

    def cases(self) -> GalleryCases:
        """Return the cases the head was fitted on."""
        return self._cases

    def similarity(self, x: Float32) -> Float32:
        """Compute the cosine similarity of embeddings to each case."""
        space, _ = self._prepared()
        if self._gallery is None:
            self._gallery = space.unit_vectors(self._cases.x)
        return (space.unit_vectors(x) @ self._gallery.T).astype(np.float32)

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
                layers = self.scoring_layers(gallery, cases.y[train_rows])
                for rows in _blocks(len(test_rows)):
                    scores.append(np.asarray(apply_layers(layers, space.unit_vectors(cases.x[test_rows[rows]])), np.float64))
                labels.append(cases.y[test_rows])
        return np.concatenate(scores), np.concatenate(labels)

    def _prepared(self) -> tuple[MetricSpace, tuple[Layer, ...]]:
        """The space of the cases, and the layers from there to scores."""
        if not self._classes:
            raise ValueError("this head is not fitted")
        if self._space is None:
            space = MetricSpace.of(self._cases.x, self._cases.y, self._metric)
            self._scoring = self.scoring_layers(space.unit_vectors(self._cases.x), self._cases.y)
            self._space = space  # last, because another thread may ask at the same time
        return self._space, self._scoring

    def _set_cases(self, cases: GalleryCases, classes: int) -> None:
        self._cases, self._classes, self._space, self._gallery = cases, classes, None, None


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


def _blocks(rows: int) -> Iterator[slice]:
    """Blocks of rows, because a cosine of each face and case would fill the memory."""
    return (slice(start, start + ROWS) for start in range(0, rows, ROWS))
