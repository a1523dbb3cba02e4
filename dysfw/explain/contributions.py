"""Contributions of the regions to each probability, and the agreement between regions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..inference.classifier import Classifier
from ..types import BasePrediction, Bool
from .shapley import Float64, shapley

MAX_VALUES_PER_CHUNK = 2**22  # region probabilities that are fused together: 16 MB


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """Shapley values of R regions for each of K conditions.

    The base values and the values of all present regions sum to the prediction's probabilities.

    Attributes:
        base_values: float64 [K], the probabilities without any region, which are the prior.
        values: float64 [R, K], in the order of the prediction's regions; NaN for absent regions.
        standard_error: float64 [R, K]; 0 unless there are so many regions that orders were sampled.
    """

    base_values: Float64
    values: Float64
    standard_error: Float64


def contributions_of(classifier: Classifier, result: BasePrediction, seed: int) -> Contributions:
    """Compute the contribution of each region to each probability.

    Only fusion and calibration are repeated, once for each coalition of present regions.

    Args:
        classifier: The classifier that made the prediction.
        result: The prediction.
        seed: Random seed for sampled orders; see ``shapley``.

    Returns:
        The contributions.
    """
    present = result.present
    players = np.flatnonzero(present)
    step = max(1, MAX_VALUES_PER_CHUNK // result.region_probabilities.size)

    def value(coalitions: Bool) -> Float64:
        included = np.zeros((len(coalitions), len(present)), bool)
        included[:, players] = coalitions
        chunks = [included[start : start + step] for start in range(0, len(included), step)]
        shape = result.region_probabilities.shape
        repeated = (np.broadcast_to(result.region_probabilities, (len(chunk), *shape)) for chunk in chunks)
        probabilities = [classifier.calibrated_probabilities(p, c) for p, c in zip(repeated, chunks, strict=True)]
        return np.concatenate(probabilities).astype(np.float64)

    shapley_values = shapley(value, len(players), seed)
    values, standard_error = (np.full(result.region_probabilities.shape, np.nan) for _ in range(2))
    values[players], standard_error[players] = shapley_values.values, shapley_values.standard_error
    return Contributions(shapley_values.base_values, values, standard_error)


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
