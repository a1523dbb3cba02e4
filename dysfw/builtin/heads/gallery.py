"""The head ``gallery``."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from ...contracts.components import Layer
from ...contracts.layers import Pool, Standardize
from ...types import Int64, State
from .gallery_based import MAX_TEMPERATURE, MIN_TEMPERATURE, GalleryHead, fit_temperature
from .metric_space import Float64, Metric

MIN_SIMILARITY = -1.0  # to a condition without cases


class Gallery(GalleryHead):
    """Classifies by cosine similarity to gallery cases (GestaltMatcher: Hsieh et al., Nat Genet 2022;54:349).

    ``dysfw gallery`` adds cases, also of new conditions, without training.

    The score of a condition is its similarity minus the mean similarity of other conditions' patients to it (z-norm:
    Auckenthaler, Carey and Lloyd-Thomas, Digit Signal Process 2000;10:42). Without this, conditions with many cases would gain,
    because one of their cases is always near.

    Args:
        by: "mean" compares with the mean of a condition's cases, "nearest" with its most similar case.
        metric: "within" reduces the weight of differences between people with the same condition (within-class covariance
            normalisation, Hatch et al., Interspeech 2006). "standard" standardises each dimension. "plain" uses embeddings as
            they are.
        temperature: Divisor of the similarities before the softmax, 0.005 to 2. Null minimises the class-balanced log loss of
            patient-wise cross-validation.
    """

    def __init__(
        self,
        by: Literal["mean", "nearest"] = "mean",
        metric: Metric = "within",
        temperature: Annotated[float, Field(ge=MIN_TEMPERATURE, le=MAX_TEMPERATURE)] | None = None,
    ) -> None:
        if temperature is not None and not MIN_TEMPERATURE <= temperature <= MAX_TEMPERATURE:
            raise ValueError(f"temperature must be from {MIN_TEMPERATURE} to {MAX_TEMPERATURE}, found {temperature}")
        if by not in ("nearest", "mean"):
            raise ValueError(f'by must be "nearest" or "mean", found {by!r}')
        super().__init__(metric)
        self._by, self._fixed_temperature = by, temperature
        self._impostor_mean: Float64 = np.zeros(0)

    def tune(self) -> float:
        """Estimate the impostor means and choose the temperature."""
        self._impostor_mean = np.zeros(self._classes)
        scores, y = self.out_of_fold_scores()
        for k in range(self._classes):
            if (y != k).any():
                self._impostor_mean[k] = np.mean([scores[y == other, k].mean() for other in np.unique(y[y != k])])
        return self._fixed_temperature or fit_temperature(scores - self._impostor_mean, y)[0]

    def scoring_layers(self, gallery: Float64, y: Int64) -> tuple[Layer, ...]:
        """Return layers that pool the cosines by condition and subtract the impostor means."""
        subtract_impostors = Standardize(self._impostor_mean, 1.0)
        if self._by == "nearest":
            return Pool(y, self._classes, "max", MIN_SIMILARITY), subtract_impostors
        norms = np.ones(self._classes)  # of the sum of a condition's cases: only the direction of their mean counts
        for k in np.unique(y):
            norms[k] = max(float(np.linalg.norm(gallery[y == k].sum(axis=0))), 1e-12)
        return Pool(y, self._classes, "sum", MIN_SIMILARITY), Standardize(0.0, norms), subtract_impostors

    def state(self) -> State:
        """Return the fitted state."""
        state = super().state()
        return State({**state.arrays, "impostor_mean": self._impostor_mean}, state.values)

    def restore(self, state: State) -> None:
        """Restore the fitted state."""
        super().restore(state)
        impostor_mean = state.arrays.get("impostor_mean")
        if impostor_mean is None or impostor_mean.shape != (self._classes,):
            raise ValueError(f"state of another kind of head: it has no impostor_mean for each of {self._classes} classes")
        self._impostor_mean = impostor_mean.astype(np.float64)
