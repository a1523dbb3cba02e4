"""How well similarities tell pairs of one person from pairs of two, by the protocol of Labeled Faces in the Wild."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from ..errors import DysfwError
from ..types import Bool, Float32, Int64

RATES = (0.1, 0.01, 0.001)


@dataclass(frozen=True, slots=True)
class Verification:
    """accuracy: mean over the folds, each with the threshold that is best on the others; standard_error: of that mean.
    accept: of pairs of one person, the share accepted where at most this share of the pairs of two is; None where there are too
    few of these to tell. thresholds: one for each fold, in cosines."""

    accuracy: float
    standard_error: float
    auc: float
    accept: dict[float, float | None]
    thresholds: tuple[float, ...]


def verification(similarity: Float32, same: Bool, fold: Int64, folds: int) -> Verification:
    """similarity float32 [P]; same bool [P]; fold int64 [P], 0 … folds - 1. Raises DysfwError where a fold has no pair, or all
    pairs are of one kind."""
    present = np.bincount(fold, minlength=folds)
    if (present == 0).any() or same.all() or not same.any():
        raise DysfwError("too few pairs could be scored: each fold needs some, and both kinds must be among them")
    thresholds = [best_threshold(similarity[fold != f], same[fold != f]) for f in range(folds)]
    right = [((similarity[fold == f] > t) == same[fold == f]).mean() for f, t in enumerate(thresholds)]
    return Verification(
        accuracy=float(np.mean(right)),
        standard_error=float(np.std(right, ddof=1) / np.sqrt(folds)),
        auc=float(roc_auc_score(same, similarity)),
        accept={rate: accepted(similarity, same, rate) for rate in RATES},
        thresholds=tuple(thresholds),
    )


def best_threshold(similarity: Float32, same: Bool) -> float:
    """Halfway between two neighbouring similarities (or just outside all of them): of all such, the lowest that puts the most
    pairs on their right side, those above it being taken for one person."""
    order = np.argsort(similarity, kind="stable")
    values = similarity[order].astype(np.float64)
    # with the threshold above the first n values: the pairs of two among these and the pairs of one among the rest are right
    right = np.cumsum(np.concatenate([[same.sum()], np.where(same[order], -1, 1)]))
    ends = np.concatenate([[values[0] - 1e-3], (values[1:] + values[:-1]) / 2, [values[-1] + 1e-3]])
    possible = np.concatenate([[True], values[1:] > values[:-1], [True]])  # no threshold parts equal values
    return float(ends[np.argmax(np.where(possible, right, -1))])


def accepted(similarity: Float32, same: Bool, rate: float) -> float | None:
    """The share of pairs of one person above the threshold that at most ``rate`` of the pairs of two exceed."""
    others = np.sort(similarity[~same])[::-1]
    allowed = int(rate * len(others) + 1e-9)
    if allowed < 1:
        return None
    return float((similarity[same] > others[min(allowed, len(others) - 1)]).mean())


def cosines(one: Float32, other: Float32) -> Float32:
    """float32 [P, dim] twice -> cosines of the angles between the rows, float32 [P]."""
    norms: Sequence[Float32] = [np.maximum(np.linalg.norm(rows, axis=1), 1e-12) for rows in (one, other)]
    similarity: Float32 = (one * other).sum(axis=1) / (norms[0] * norms[1])
    return similarity
