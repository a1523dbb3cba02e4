"""How much each region's vote moves each condition's probability, and how far the regions agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..inference.classifier import Classifier
from ..types import BasePrediction, Bool
from .shapley import Float64, shapley

AT_ONCE = 2**22  # numbers of votes that are fused together: 16 MB


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """Shapley values of the regions of one face, or of one patient's photographs together, for each of K conditions.

    before: float64 [K], the probabilities that no region has spoken about: the prior. values: float64 [R, K], by the
    prediction's regions; rows of absent ones are NaN. What is before and all values sum to the prediction's probabilities.
    error: float64 [R, K], standard errors: 0 unless there are so many regions that orders were sampled.
    """

    base_values: Float64
    values: Float64
    error: Float64


def contributions_of(classifier: Classifier, result: BasePrediction, seed: int) -> Contributions:
    """From the votes alone, which are fused once for each coalition of the regions that are present. seed: of sampled
    orders."""
    present = result.present
    players = np.flatnonzero(present)
    step = max(1, AT_ONCE // result.region_probabilities.size)

    def worth(coalitions: Bool) -> Float64:
        speak = np.zeros((len(coalitions), len(present)), bool)
        speak[:, players] = coalitions
        parts = [speak[start : start + step] for start in range(0, len(speak), step)]
        region_probabilities = [
            np.broadcast_to(result.region_probabilities, (len(part), *result.region_probabilities.shape)) for part in parts
        ]
        return np.concatenate(
            [classifier.calibrated_probabilities(v, p) for v, p in zip(region_probabilities, parts, strict=True)]
        ).astype(np.float64)

    found = shapley(worth, len(players), seed)
    values, error = (np.full(result.region_probabilities.shape, np.nan) for _ in range(2))
    values[players], error[players] = found.values, found.error
    return Contributions(found.empty, values, error)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Among the regions that are present. first: how many put the prediction's first condition first; of: how many there are.
    overlap: mean over pairs of regions of how much of their votes is common, the sum of the lesser probability of each
    condition: 0 where no two name a common condition, 1 where all say the same, and where there is but one."""

    first: int
    of: int
    overlap: float


def agreement_of(result: BasePrediction) -> Agreement:
    region_probabilities = result.region_probabilities[result.present].astype(np.float64)
    first = int((region_probabilities.argmax(axis=1) == result.ranking[0]).sum())
    one, other = np.triu_indices(len(region_probabilities), 1)
    common = np.minimum(region_probabilities[one], region_probabilities[other]).sum(axis=1)
    return Agreement(first, len(region_probabilities), float(common.mean()) if len(common) else 1.0)
