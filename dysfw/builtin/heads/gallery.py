"""Classifies by the nearest known cases, as GestaltMatcher does."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from ...contracts.components import Layer
from ...contracts.layers import Pool, Standardize
from ...types import Int64, State
from .gallery_based import COLDEST, HOTTEST, GalleryHead, tuned_temperature
from .metric_space import Float64, Metric

FAR = -1.0  # likeness to a condition of which no case counts


class Gallery(GalleryHead):
    """Cosine similarity to known cases (GestaltMatcher: Hsieh et al., Nat Genet 2022;54:349): a condition is as likely as its
    nearest case, or its mean, is alike. New cases, also of new conditions, join without any training: ``dysfw gallery``.

    From the likeness to a condition is taken what people of other conditions have of it on average, so that a condition does
    not gain by having many cases, one of which is always near (z-norm: Auckenthaler, Carey and Lloyd-Thomas, Digit Signal
    Process 2000;10:42).

    by: "mean" of a condition's cases, or its "nearest" case. metric: "within" makes what differs between people of one
    condition count less (within-class covariance normalisation, Hatch et al., Interspeech 2006); "standard" brings each number
    to mean 0 and deviation 1; "plain" takes embeddings as they are. temperature: what likenesses are divided by before the
    softmax, 0.005 to 2; None takes the one that, each patient being held against the others, gives the truth the highest
    probability (log loss, every condition weighing the same).
    """

    def __init__(
        self,
        by: Literal["mean", "nearest"] = "mean",
        metric: Metric = "within",
        temperature: Annotated[float, Field(ge=COLDEST, le=HOTTEST)] | None = None,
    ) -> None:
        if temperature is not None and not COLDEST <= temperature <= HOTTEST:
            raise ValueError(f"temperature must be from {COLDEST} to {HOTTEST}, found {temperature}")
        if by not in ("nearest", "mean"):
            raise ValueError(f'by must be "nearest" or "mean", found {by!r}')
        super().__init__(metric)
        self._by, self._asked = by, temperature
        self._impostor_mean: Float64 = np.zeros(0)

    def tuned(self) -> float:
        self._impostor_mean = np.zeros(self._classes)
        scores, y = self.out_of_fold_scores()
        for k in range(self._classes):
            if (y != k).any():
                self._impostor_mean[k] = np.mean([scores[y == other, k].mean() for other in np.unique(y[y != k])])
        return self._asked or tuned_temperature(scores - self._impostor_mean, y)[0]

    def scoring(self, known: Float64, y: Int64) -> tuple[Layer, ...]:
        unusual = Standardize(self._impostor_mean, 1.0)
        if self._by == "nearest":
            return Pool(y, self._classes, "max", FAR), unusual
        lengths = np.ones(self._classes)  # of the sum of a condition's cases: the mean counts as a direction
        for k in np.unique(y):
            lengths[k] = max(float(np.linalg.norm(known[y == k].sum(axis=0))), 1e-12)
        return Pool(y, self._classes, "sum", FAR), Standardize(0.0, lengths), unusual

    def state(self) -> State:
        state = super().state()
        return State({**state.arrays, "impostor_mean": self._impostor_mean}, state.values)

    def restore(self, state: State) -> None:
        super().restore(state)
        usual = state.arrays.get("impostor_mean")
        if usual is None or usual.shape != (self._classes,):
            raise ValueError(f"state of another kind of head: what is usual is not said for each of {self._classes} classes")
        self._impostor_mean = usual.astype(np.float64)
