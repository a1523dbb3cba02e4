"""Measures calibration, prediction sets, and predictions that are not reliable."""

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
    """Measure the calibration of the recipe.

    Args:
        pooled: Predictions of N images.
        y: int64 [N], classes.
        before: Expected calibration error of the uncalibrated probabilities.
        after: The same of the calibrated probabilities.
    """
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
    """Measure coverage and size of prediction sets.

    Args:
        sets: bool [P, N, K].
        y: int64 [N], classes.
        groups: int64 [N], patients.
        weights: float64 [B, N], weights of the bootstrap resamples.
        target_coverage: The coverage that the recipe requests, 0 to 1.
        labels: K conditions.
    """
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
    """Measure how many predictions are flagged as not reliable, and how accurate these and the others are.

    Args:
        pooled: Predictions of N images, all of them tested.
        y: int64 [N], classes.
        groups: int64 [N], patients.
        weights: float64 [B, N], weights of the bootstrap resamples.
    """
    rejected = np.array([[bool(notices) for notices in repeat] for repeat in pooled.reasons])  # [P, N]
    right = pooled.by_name[RECIPE].argmax(axis=2) == y
    codes = Counter(notice.code for repeat in pooled.reasons for notices in repeat for notice in notices)
    patients = len(np.unique(groups))
    return Rejection(
        rejected=_mean(rejected.mean(axis=0), weights, patients),
        reasons={code: round(number / len(rejected)) for code, number in codes.most_common()},
        accuracy_kept=_ratio((right & ~rejected).mean(axis=0), (~rejected).mean(axis=0), weights) or Estimate(value=0.0),
        accuracy_rejected=_ratio((right & rejected).mean(axis=0), rejected.mean(axis=0), weights),
    )


def _mean(values: Float64, weights: Float64, patients: int | None = None) -> Estimate:
    return estimate(float(values.mean()), weights @ values / weights.sum(axis=1), patients)


def _ratio(part: Float64, whole: Float64, weights: Float64) -> Estimate | None:
    """The ratio of two sums over images; None if the denominator is zero."""
    if not whole.any():
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        return estimate(float(part.sum() / whole.sum()), (weights @ part) / (weights @ whole))
