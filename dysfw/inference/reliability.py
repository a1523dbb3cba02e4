"""How far to trust one prediction: calibrated probabilities, a set of conditions, and reasons not to believe either."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..bundle.contents import OutOfFoldPredictions
from ..recipe.sections import Reliability
from ..reliability.conformal import prediction_sets, thresholds
from ..reliability.ood import EmbeddingDistribution, Scale, scale_of
from ..reliability.prior import reweighed
from ..reliability.quality import Quality
from ..reliability.temperature import calibrated, fit_temperature
from ..stats.quantile import patient_shares, upper_quantile
from ..types import Bool, Float32, Notice, PredictionSet

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Assessed:
    """Of N faces. probabilities: float32 [N, K], calibrated. sets: bool [N, K]. unlikeness: float64 [N], 0 for an ordinary
    face. reasons: for each face why it is not to be believed; none where it is."""

    probabilities: Float32
    sets: Bool
    ood_score: Float64
    reasons: tuple[tuple[Notice, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class ReliabilityModel:
    """What a recipe demands, in the light of the out-of-fold votes.

    keys: the recipe's. prior: float64 [K], how common each condition is. temperature: of all probabilities. least: float64 [K],
    what a condition needs to be in a set, minus infinity where it has too few patients. scale: of distances. unlike: above this
    a face is unlike those in training; blurred: below this sharpness it is too blurred."""

    keys: Reliability
    prior: Float64
    temperature: float
    thresholds: Float64
    embedding_distribution: EmbeddingDistribution
    scale: Scale
    max_ood_score: float
    min_sharpness: float

    def assess(self, fused: Float32, embeddings: Float32, present: Bool, quality: Quality) -> Assessed:
        """fused [N, K], uncalibrated; embeddings [N, R, D]; present [N, R]; quality of the same N faces."""
        probabilities = self.reported(fused)
        ood_score = self.scale.ood_score(self.embedding_distribution.distances(embeddings, present))
        reasons = tuple(
            self._reasons(float(unlike), *(float(v) for v in values))
            for unlike, *values in zip(ood_score, quality.sharpness, quality.height, quality.pose_angle, strict=True)
        )
        return Assessed(probabilities, self.sets(probabilities), ood_score, reasons)

    def sets(self, probabilities: Float32) -> Bool:
        """Reported probabilities [N, K] -> the conditions in each prediction set, bool [N, K]."""
        return prediction_sets(probabilities, self.thresholds)

    def reported(self, fused: Float32) -> Float32:
        """fused float32 [N, K] -> calibrated, and at the shares of the prior."""
        return reweighed(calibrated(fused, self.temperature), self.prior)

    @property
    def always(self) -> tuple[int, ...]:
        """The conditions with too few patients to be left out of any set."""
        return tuple(np.flatnonzero(np.isneginf(self.thresholds)).tolist())

    def set_of(self, members: Bool) -> PredictionSet:
        """members bool [K]: one row of ``Assessed.sets``."""
        return PredictionSet(self.keys.coverage, tuple(np.flatnonzero(members).tolist()), self.always)

    def _reasons(self, ood_score: float, sharpness: float, height: float, pose_angle: float) -> tuple[Notice, ...]:
        """Comparisons with NaN are false: what nobody measured is no reason."""
        keys, reasons = self.keys, []
        if ood_score > self.max_ood_score:
            message = (
                f"the face is unlike those in training: {ood_score:.1f} standard deviations further off than is usual, where "
                f"{100 - 100 * keys.ood_false_alarm_rate:g} % of those are at most {self.max_ood_score:.1f}"
            )
            reasons.append(Notice("out_of_distribution", message))
        if height < keys.min_face_height:
            message = f"the face is {height:.0f} px high, and {keys.min_face_height} px are needed"
            reasons.append(Notice("face_too_small", message))
        if sharpness < self.min_sharpness:
            message = f"the face is more blurred than {100 - 100 * keys.min_sharpness_quantile:.0f} % of those in training"
            reasons.append(Notice("face_too_blurred", message))
        if pose_angle > keys.max_pose_angle:
            message = f"the head is turned by {pose_angle:.0f}°, and {keys.max_pose_angle:.0f}° are the most allowed"
            reasons.append(Notice("face_turned_too_far", message))
        return tuple(reasons)


def fit_reliability(
    keys: Reliability,
    votes: OutOfFoldPredictions,
    fused: Float32,
    embedding_distribution: EmbeddingDistribution,
    prior: Float64,
) -> ReliabilityModel:
    """votes: out of fold, with distances and sharpness. fused: float32 [N, K], what the fusion makes of them when taught on
    other patients. typicality: of all training photographs. prior: float64 [K]."""
    assert votes.distances is not None and votes.sharpness is not None  # noqa: PT018, S101  # they come with a typicality
    temperature = fit_temperature(fused, votes.y, votes.groups) if keys.calibrate else 1.0
    scale = scale_of(votes.distances)
    shares = patient_shares(np.zeros_like(votes.y), votes.groups)
    return ReliabilityModel(
        keys=keys,
        prior=prior,
        temperature=temperature,
        thresholds=thresholds(reweighed(calibrated(fused, temperature), prior), votes.y, votes.groups, keys.coverage),
        embedding_distribution=embedding_distribution,
        scale=scale,
        max_ood_score=_most(scale.ood_score(votes.distances), shares, keys.ood_false_alarm_rate),
        min_sharpness=-_most(-votes.sharpness.astype(np.float64), shares, keys.min_sharpness_quantile),
    )


def _most(values: Float64, shares: Float64, rare: float) -> float:
    """What a new patient's value exceeds with a probability of ``rare``, or of 1 / (patients + 1) where there are too few
    patients to know anything so rare. Infinite where it must never be called exceeded, or nothing was measured."""
    known = np.isfinite(values)
    if not rare or not known.any():
        return math.inf
    return min(upper_quantile(values[known], shares[known], 1 - rare), float(values[known].max()))
