"""Contributions of the regions to each probability, and the agreement between regions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..inference.classifier import Classifier
from ..reliability.combination import CombinationWeights, combine
from ..types import BasePrediction, Bool, Float32
from .shapley import Float64, shapley

MAX_VALUES_PER_CHUNK = 2**22  # region probabilities that are fused together: 16 MB


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """Shapley values of R regions, and of E kinds of evidence, for each of K conditions.

    The base values, the values of all present regions and those of the evidence sum to the prediction's probabilities.

    Attributes:
        base_values: float64 [K], the probabilities without any region or evidence, which are the prior.
        values: float64 [R, K], in the order of the prediction's regions; NaN for absent regions.
        standard_error: float64 [R, K]; 0 unless there are so many regions that orders were sampled.
        evidence: float64 [E, K], in the order of the prediction's evidence.
        evidence_standard_error: float64 [E, K].
    """

    base_values: Float64
    values: Float64
    standard_error: Float64
    evidence: Float64
    evidence_standard_error: Float64


def contributions_of(classifier: Classifier, result: BasePrediction, seed: int) -> Contributions:
    """Compute the contribution of each region, and of each kind of evidence, to each probability.

    Only fusion, calibration and combination are repeated, once for each coalition. The value of a coalition is what would be
    predicted if the others were missing.

    Args:
        classifier: The classifier that made the prediction.
        result: The prediction.
        seed: Random seed for sampled orders; see ``shapley``.

    Returns:
        The contributions.
    """
    present = result.present
    players, evidence = np.flatnonzero(present), len(result.evidence)
    step = max(1, MAX_VALUES_PER_CHUNK // result.region_probabilities.size)

    def value(coalitions: Bool) -> Float64:
        included = np.zeros((len(coalitions), len(present)), bool)
        included[:, players] = coalitions[:, : len(players)]
        chunks = [included[start : start + step] for start in range(0, len(included), step)]
        shape = result.region_probabilities.shape
        repeated = (np.broadcast_to(result.region_probabilities, (len(chunk), *shape)) for chunk in chunks)
        probabilities = [classifier.calibrated_probabilities(p, c) for p, c in zip(repeated, chunks, strict=True)]
        face = np.concatenate(probabilities)
        return with_evidence(classifier, result, face, coalitions[:, len(players) :]).astype(np.float64)

    shapley_values = shapley(value, len(players) + evidence, seed)
    values, standard_error = (np.full(result.region_probabilities.shape, np.nan) for _ in range(2))
    of_players, errors = shapley_values.values, shapley_values.standard_error
    values[players], standard_error[players] = of_players[: len(players)], errors[: len(players)]
    return Contributions(shapley_values.base_values, values, standard_error, of_players[len(players) :], errors[len(players) :])


def with_evidence(classifier: Classifier, result: BasePrediction, face: Float32, included: Bool) -> Float32:
    """Combine the face with some of a prediction's evidence.

    Args:
        classifier: The classifier that made the prediction.
        result: The prediction, with E kinds of evidence.
        face: float32 [C, K], calibrated, at the prior.
        included: bool [C, E], the evidence to use.

    Returns:
        float32 [C, K].
    """
    if not result.evidence:
        return face
    stacked = np.stack([one.log_likelihood for one in result.evidence])
    values = np.where(included[:, :, None], stacked[None], np.float32(np.nan))
    assert classifier.evidence  # noqa: S101  # or there would be no evidence in the prediction
    weights = CombinationWeights(classifier.evidence.weights.face, tuple(one.weight for one in result.evidence))
    return combine(face, values, classifier.reliability.prior, weights)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement between the present regions.

    Attributes:
        first: Number of regions that rank the prediction's first condition first.
        of: Number of present regions.
        overlap: Mean over pairs of regions of the overlap of their probabilities, which is the sum over conditions of the
            smaller of the two probabilities. From 0 (no common condition) to 1 (equal probabilities, or only one region).
    """

    first: int
    of: int
    overlap: float


def agreement_of(result: BasePrediction) -> Agreement:
    """Measure how far the present regions of a prediction agree."""
    region_probabilities = result.region_probabilities[result.present].astype(np.float64)
    first = int((region_probabilities.argmax(axis=1) == result.ranking[0]).sum())
    one, other = np.triu_indices(len(region_probabilities), 1)
    overlap = np.minimum(region_probabilities[one], region_probabilities[other]).sum(axis=1)
    return Agreement(first, len(region_probabilities), float(overlap.mean()) if len(overlap) else 1.0)
