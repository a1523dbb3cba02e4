"""Calibrates probabilities, forms prediction sets, and decides which predictions are reliable."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..bundle.contents import OutOfFoldPredictions
from ..recipe.sections import Reliability
from ..reliability.conformal import prediction_sets, thresholds
from ..reliability.ood import EmbeddingDistribution, Scale, scale_of
from ..reliability.prior import apply_prior
from ..reliability.quality import Quality
from ..reliability.temperature import apply_temperature, fit_temperature
from ..stats.quantile import patient_shares, upper_quantile
from ..types import Bool, Float32, Notice, PredictionSet

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Assessed:
    """Predictions for N faces with their reliability.

    Attributes:
        probabilities: float32 [N, K], calibrated.
        sets: bool [N, K], prediction sets.
        ood_score: float64 [N], 0 for a typical training image.
        reasons: For each face why the prediction is not reliable; empty if it is.
    """

    probabilities: Float32
    sets: Bool
    ood_score: Float64
    reasons: tuple[tuple[Notice, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class ReliabilityModel:
    """Calibration and thresholds, fitted to out-of-fold predictions.

    Attributes:
        config: The recipe's section ``reliability``.
        prior: float64 [K], the frequency of each condition.
        temperature: Temperature of the calibration.
        thresholds: float64 [K], the minimum probability of a condition to be in a prediction set; minus infinity if the
            condition has too few patients to exclude it.
        embedding_distribution: Distribution of the training images' embeddings.
        scale: Turns distances from it into OOD scores.
        max_ood_score: Above this OOD score a face is out of distribution.
        min_sharpness: Below this sharpness a face is too blurred, octaves.
    """

    config: Reliability
    prior: Float64
    temperature: float
    thresholds: Float64
    embedding_distribution: EmbeddingDistribution
    scale: Scale
    max_ood_score: float
    min_sharpness: float

    def assess(self, fused: Float32, embeddings: Float32, present: Bool, quality: Quality) -> Assessed:
        """Calibrate predictions and find those that are not reliable.

        Args:
            fused: float32 [N, K], not calibrated.
            embeddings: float32 [N, R, dim].
            present: bool [N, R].
            quality: Quality of the same N faces.
        """
        probabilities = self.reported(fused)
        ood_score = self.scale.ood_score(self.embedding_distribution.distances(embeddings, present))
        reasons = tuple(
            self._reasons(*(float(value) for value in values))
            for values in zip(ood_score, quality.sharpness, quality.height, quality.pose_angle, strict=True)
        )
        return Assessed(probabilities, self.sets(probabilities), ood_score, reasons)

    def sets(self, probabilities: Float32) -> Bool:
        """Form prediction sets.

        Args:
            probabilities: float32 [N, K], as returned by ``reported``.

        Returns:
            bool [N, K].
        """
        return prediction_sets(probabilities, self.thresholds)

    def reported(self, fused: Float32) -> Float32:
        """Calibrate probabilities and apply the prior.

        Args:
            fused: float32 [N, K].

        Returns:
            float32 [N, K].
        """
        return apply_prior(self.calibrated(fused), self.prior)

    def calibrated(self, fused: Float32) -> Float32:
        """Calibrate probabilities under equal priors.

        Args:
            fused: float32 [N, K].

        Returns:
            float32 [N, K].
        """
        return apply_temperature(fused, self.temperature)

    @property
    def always(self) -> tuple[int, ...]:
        """Indices of the conditions that are in every set, because they have too few patients to exclude them."""
        return tuple(np.flatnonzero(np.isneginf(self.thresholds)).tolist())

    def set_of(self, members: Bool) -> PredictionSet:
        """The prediction set of one face.

        Args:
            members: bool [K], a row of ``Assessed.sets``.
        """
        return PredictionSet(self.config.coverage, tuple(np.flatnonzero(members).tolist()), self.always)

    def _reasons(self, ood_score: float, sharpness: float, height: float, pose_angle: float) -> tuple[Notice, ...]:
        """Why a prediction is not reliable. Values that were not measured are NaN, whose comparisons are false."""
        config, reasons = self.config, []
        if ood_score > self.max_ood_score:
            message = (
                f"the face differs too much from the faces in the training data (OOD score {ood_score:.1f}; "
                f"{100 - 100 * config.ood_false_alarm_rate:g} % of them are at most {self.max_ood_score:.1f})"
            )
            reasons.append(Notice("out_of_distribution", message))
        if height < config.min_face_height:
            message = f"the face is {height:.0f} px high; at least {config.min_face_height} px are needed"
            reasons.append(Notice("face_too_small", message))
        if sharpness < self.min_sharpness:
            message = f"the face is more blurred than {100 - 100 * config.min_sharpness_quantile:.0f} % of training images"
            reasons.append(Notice("face_too_blurred", message))
        if pose_angle > config.max_pose_angle:
            message = f"the head is rotated by {pose_angle:.0f}°, more than the allowed {config.max_pose_angle:.0f}°"
            reasons.append(Notice("face_rotated_too_far", message))
        return tuple(reasons)


def fit_reliability(
    config: Reliability,
    out_of_fold: OutOfFoldPredictions,
    fused: Float32,
    embedding_distribution: EmbeddingDistribution,
    prior: Float64,
) -> ReliabilityModel:
    """Fit calibration and thresholds.

    Args:
        config: The recipe's section ``reliability``.
        out_of_fold: Out-of-fold predictions on N training images, with distances and sharpness.
        fused: float32 [N, K], the same, fused by a fusion that was fitted on other patients.
        embedding_distribution: Distribution of the training images' embeddings.
        prior: float64 [K], the frequency of each condition.
    """
    temperature = fit_temperature(fused, out_of_fold.y, out_of_fold.groups) if config.calibrate else 1.0
    scale = scale_of(out_of_fold.distances)
    weights = patient_shares(np.zeros_like(out_of_fold.y), out_of_fold.groups)
    return ReliabilityModel(
        config=config,
        prior=prior,
        temperature=temperature,
        thresholds=thresholds(
            apply_prior(apply_temperature(fused, temperature), prior), out_of_fold.y, out_of_fold.groups, config.coverage
        ),
        embedding_distribution=embedding_distribution,
        scale=scale,
        max_ood_score=_upper_limit(scale.ood_score(out_of_fold.distances), weights, config.ood_false_alarm_rate),
        min_sharpness=-_upper_limit(-out_of_fold.sharpness.astype(np.float64), weights, config.min_sharpness_quantile),
    )


def _upper_limit(values: Float64, weights: Float64, rate: float) -> float:
    """The limit that a new patient's value exceeds with probability ``rate``.

    With too few patients to estimate this, the probability is 1 / (patients + 1). The limit is infinite if ``rate`` is 0 or
    nothing was measured.
    """
    measured = np.isfinite(values)
    if not rate or not measured.any():
        return math.inf
    return min(upper_quantile(values[measured], weights[measured], 1 - rate), float(values[measured].max()))
