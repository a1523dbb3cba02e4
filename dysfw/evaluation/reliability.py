"""Whether single predictions kept what they promised: calibration, prediction sets, and what was called not reliable."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from ..stats.bootstrap import Float64, estimate
from ..stats.estimate import Estimate
from ..stats.metrics import calibration_bins
from ..types import Bool, Int64
from .fold_runner import RECIPE
from .pooled_predictions import PooledPredictions
from .result import Calibration, PredictionSets, Rejection

Array = npt.NDArray[np.generic]


def calibration(pooled: PooledPredictions, y: Int64, before: Estimate, after: Estimate) -> Calibration:
    """before, after: expected calibration error."""
    return Calibration(
        temperature=float(np.exp(np.mean(np.log(pooled.temperatures)))),
        temperatures=(min(pooled.temperatures), max(pooled.temperatures)),
        ece_before=before,
        ece=after,
        bins_before=calibration_bins(pooled.raw, y),
        bins=calibration_bins(pooled.by_name[RECIPE], y),
    )


def prediction_sets(
    sets: Bool, y: Int64, groups: Int64, weights: Float64, *, target_coverage: float, labels: tuple[str, ...]
) -> PredictionSets:
    """sets: bool [P, N, K]."""
    covered = sets[:, np.arange(len(y)), y].mean(axis=0)
    sizes = sets.sum(axis=2).mean(axis=0)
    patients = len(np.unique(groups))
    return PredictionSets(
        target_coverage=target_coverage,
        coverage=_mean(covered, weights, patients),
        coverage_by_label={label: float(covered[y == k].mean()) for k, label in enumerate(labels) if (y == k).any()},
        size=_mean(sizes, weights),
        empty=float((~sets.any(axis=2)).mean()),
    )


def rejection(pooled: PooledPredictions, y: Int64, groups: Int64, weights: Float64) -> Rejection:
    """All photographs were judged."""
    refused = np.array([[bool(found) for found in repeat] for repeat in pooled.reasons])  # [P, N]
    right = pooled.by_name[RECIPE].argmax(axis=2) == y
    codes = Counter(notice.code for repeat in pooled.reasons for found in repeat for notice in found)
    patients = len(np.unique(groups))
    return Rejection(
        rejected=_mean(refused.mean(axis=0), weights, patients),
        reasons={code: round(number / len(refused)) for code, number in codes.most_common()},
        accuracy_kept=_ratio((right & ~refused).mean(axis=0), (~refused).mean(axis=0), weights) or Estimate(value=0.0),
        accuracy_rejected=_ratio((right & refused).mean(axis=0), refused.mean(axis=0), weights),
    )


def _mean(values: Float64, weights: Float64, patients: int | None = None) -> Estimate:
    return estimate(float(values.mean()), weights @ values / weights.sum(axis=1), patients)


def _ratio(part: Float64, whole: Float64, weights: Float64) -> Estimate | None:
    """Of sums over photographs; None where there is nothing to divide by."""
    if not whole.any():
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        return estimate(float(part.sum() / whole.sum()), (weights @ part) / (weights @ whole))
