"""The head ``gallery``."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from ...contracts.components import Layer
from ...contracts.layers import Affine, Pool, Standardize
from ...types import Int64, State
from .gallery_based import MAX_TEMPERATURE, MIN_TEMPERATURE, GalleryHead, fit_temperature
from .metric_space import Float64, Metric, class_sums

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
        self._impostor_mean = np.zeros(self._classes)  # which ``out_of_fold_scores`` subtracts
        scores, y = self.out_of_fold_scores()
        self._impostor_mean = _impostor_means(scores, y)
        return self._fixed_temperature or fit_temperature(scores - self._impostor_mean, y)[0]

    def scoring_layers(self, gallery: Float64, y: Int64) -> tuple[Layer, ...]:
        """Return layers that compute the similarities to the conditions and subtract the impostor means."""
        if self._by == "nearest":
            pool = Pool(y, self._classes, "max", MIN_SIMILARITY)
            return Affine(gallery), pool, Standardize(self._impostor_mean, 1.0)
        # The mean of the cosines is proportional to the product with the sum of a condition's cases, of which only the
        # direction counts. So a face is compared with K sums instead of M cases.
        sums = class_sums(gallery, y, self._classes)
        sums /= np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
        without_cases = np.bincount(y, minlength=self._classes) == 0
        return (Affine(sums, np.where(without_cases, MIN_SIMILARITY, 0.0) - self._impostor_mean),)

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


def _impostor_means(scores: Float64, y: Int64) -> Float64:
    """Mean score of the images of other conditions, each of which counts equally.

    Args:
        scores: float64 [N, K].
        y: int64 [N], the true classes.

    Returns:
        float64 [K]; 0 if there are no images of other conditions.
    """
    images = np.bincount(y, minlength=scores.shape[1])
    present = images > 0
    means = class_sums(scores, y, len(images)) / np.maximum(images, 1)[:, None]
    others = present.sum() - present
    return np.asarray((means.sum(axis=0) - np.diag(means)) / np.maximum(others, 1))
