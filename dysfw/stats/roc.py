"""ROC curves of each class against all others.

Scores of two splits come from two models, so images are compared within their split only, as in ``dysfw.stats.metrics``. The
curve of a class is the mean of the curves of its splits (vertical averaging: Fawcett, An introduction to ROC analysis, Pattern
Recognition Letters 2006;27:861-874), each weighted by its number of pairs. The area under it is thus the AUROC of the class.

A curve is computed from placement values: for each image of the class, the share of the other images that score higher (Pepe &
Cai, Biometrics 2004;60:528-535). The sensitivity at a false positive rate is the share of placement values up to this rate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from ..types import Float32, Int64
from .auroc import FEW, ROWS
from .bootstrap import TOLERANCE, Float64
from .one_hot import one_hot

# False positive rates at which curves are given: closer together where specificity is high.
RATES = np.round(np.concatenate([np.linspace(0, 0.1, 11), np.linspace(0.125, 1, 36)]), 3)
DIGITS = 4


class RocCurves(BaseModel):
    """ROC curves on one grid of false positive rates.

    Attributes:
        false_positive_rates: 1 - specificity, T values from 0 to 1.
        mean: Sensitivity at each of them, as mean over the conditions that have a curve.
        by_label: The same for each condition; one without test images, or without others beside it, has no curve.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    false_positive_rates: list[float]
    mean: list[float]
    by_label: dict[str, list[float]]


def roc_curves(probabilities: Float32, y: Int64, splits: Int64, labels: tuple[str, ...]) -> RocCurves:
    """Compute the curve of each class.

    Args:
        probabilities: float32 [P, N, K] for P repeats of a cross-validation. A curve is the mean over the repeats.
        y: int64 [N], the classes.
        splits: int64 [P, N], the split in which each image was tested.
        labels: Names of the K classes.

    Returns:
        The curves.
    """
    repeats = [_curves_of_repeat(split_rows(*one), y) for one in zip(probabilities, splits, strict=True)]
    known = [k for k in range(len(labels)) if np.isfinite(repeats[0][k]).all()]
    curves: Float64 = np.stack([repeat[known] for repeat in repeats]).mean(axis=0).round(DIGITS)
    mean = np.round(curves.mean(axis=0), DIGITS) if known else np.zeros(0)
    return RocCurves(
        false_positive_rates=RATES.tolist(),
        mean=mean.tolist(),
        by_label={labels[k]: curve.tolist() for k, curve in zip(known, curves, strict=True)},
    )


def controls_ahead(scores: npt.NDArray[np.floating[Any]], y: Int64, weights: Float64, *, ties: bool) -> Float64:
    """Weigh the images of other classes that score higher than an image for its own class.

    As in ``ClassRankings.won_pairs``, images of small classes are compared with all others, many at a time, and those of large
    classes are summed along their ranking.

    Args:
        scores: float [K, N] of one split, contiguous.
        y: int64 [N], the classes.
        weights: float64 [N, B], one column for each weighting.
        ties: Whether images with the same score count, too.

    Returns:
        float64 [N, B].
    """
    ahead = np.zeros(weights.shape)
    members = np.bincount(y, minlength=len(scores))
    few = np.flatnonzero(members[y] <= FEW)
    for start in range(0, len(few), ROWS):
        rows = few[start : start + ROWS]
        ranked, own = scores[y[rows]], scores[y[rows], rows][:, None]
        higher = (ranked >= own) if ties else (ranked > own)
        ahead[rows] = (higher & (y[rows][:, None] != y)).astype(np.float64) @ weights
    for k in np.flatnonzero(members > FEW):
        rows, order = np.flatnonzero(y == k), np.argsort(scores[k], kind="stable")
        summed = np.zeros((len(y) + 1, weights.shape[1]))
        np.cumsum(np.where((y != k)[:, None], weights, 0)[order], axis=0, out=summed[1:])
        below = np.searchsorted(scores[k][order], scores[k][rows], side="left" if ties else "right")
        ahead[rows] = summed[-1] - summed[below]
    return ahead


SplitRows = tuple[Int64, npt.NDArray[np.floating[Any]]]


def split_rows(probabilities: Float32, split: Int64) -> list[SplitRows]:
    """Divide the images of one repeat.

    Args:
        probabilities: float32 [N, K].
        split: int64 [N], the split in which each image was tested.

    Returns:
        For each split its n rows, int64 [n], and their scores, float32 [K, n], contiguous.
    """
    rows = [np.flatnonzero(split == s) for s in np.unique(split)]
    return [(at, np.ascontiguousarray(probabilities[at].T)) for at in rows]


def _curves_of_repeat(splits: list[SplitRows], y: Int64) -> Float64:
    """float64 [K, T], the curves of one repeat; NaN for classes without a pair of images."""
    classes = len(splits[0][1])
    found, pairs = np.zeros((classes, len(RATES))), np.zeros((classes, 1))
    for at, scores in splits:
        own, alone = y[at], np.ones((len(at), 1))
        controls = (len(at) - np.bincount(own, minlength=classes))[own][:, None].astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            low = controls_ahead(scores, own, alone, ties=False) / controls
            high = controls_ahead(scores, own, alone, ties=True) / controls
            risen = np.where(high > low, (RATES - low) / (high - low), low - TOLERANCE <= RATES)  # a tie rises slantwise
        each = one_hot(own, classes)
        found += each @ (np.clip(np.nan_to_num(risen), 0, 1) * controls)
        pairs += each @ controls
    with np.errstate(divide="ignore", invalid="ignore"):
        return found / pairs
