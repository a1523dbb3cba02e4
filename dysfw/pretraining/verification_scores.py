"""Face-verification scores by the protocol of Labeled Faces in the Wild."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from ..errors import DysfwError
from ..types import Bool, Float32, Int64

FALSE_ACCEPT_RATES = (0.1, 0.01, 0.001)


@dataclass(frozen=True, slots=True)
class VerificationScores:
    """Scores of a set of pairs.

    Attributes:
        accuracy: Mean accuracy over the folds, each with the best threshold of the other folds.
        standard_error: Standard error of the accuracy.
        auc: Area under the ROC curve.
        true_accept_rates: True accept rate by false accept rate; None if there are too few mismatched pairs.
        thresholds: Threshold of each fold, a cosine.
    """

    accuracy: float
    standard_error: float
    auc: float
    true_accept_rates: dict[float, float | None]
    thresholds: tuple[float, ...]


def score_pairs(similarity: Float32, same: Bool, fold: Int64, folds: int) -> VerificationScores:
    """Score pairs.

    Args:
        similarity: float32 [P].
        same: bool [P], whether a pair shows the same person.
        fold: int64 [P], 0 … folds - 1.
        folds: Number of folds.

    Raises:
        DysfwError: A fold has no pairs, or all pairs are of one kind.
    """
    present = np.bincount(fold, minlength=folds)
    if (present == 0).any() or same.all() or not same.any():
        raise DysfwError("too few pairs could be scored: every fold needs pairs, and both kinds must occur")
    thresholds = [best_threshold(similarity[fold != f], same[fold != f]) for f in range(folds)]
    accuracies = [((similarity[fold == f] > t) == same[fold == f]).mean() for f, t in enumerate(thresholds)]
    return VerificationScores(
        accuracy=float(np.mean(accuracies)),
        standard_error=float(np.std(accuracies, ddof=1) / np.sqrt(folds)),
        auc=float(roc_auc_score(same, similarity)),
        true_accept_rates={rate: true_accept_rate(similarity, same, rate) for rate in FALSE_ACCEPT_RATES},
        thresholds=tuple(thresholds),
    )


def best_threshold(similarity: Float32, same: Bool) -> float:
    """Return the lowest threshold with the best accuracy.

    Candidates lie halfway between neighbouring similarities and just outside all of them. Pairs above the threshold are
    classified as the same person.
    """
    order = np.argsort(similarity, kind="stable")
    values = similarity[order].astype(np.float64)
    # threshold above the first n values: correct are the mismatched pairs among these and the matched ones among the rest
    correct = np.cumsum(np.concatenate([[same.sum()], np.where(same[order], -1, 1)]))
    ends = np.concatenate([[values[0] - 1e-3], (values[1:] + values[:-1]) / 2, [values[-1] + 1e-3]])
    possible = np.concatenate([[True], values[1:] > values[:-1], [True]])  # no threshold separates equal values
    return float(ends[np.argmax(np.where(possible, correct, -1))])


def true_accept_rate(similarity: Float32, same: Bool, rate: float) -> float | None:
    """Return the share of matched pairs above the threshold that at most ``rate`` of the mismatched pairs exceed.

    Args:
        similarity: float32 [P].
        same: bool [P].
        rate: False accept rate.

    Returns:
        The true accept rate; None if there are too few mismatched pairs.
    """
    mismatched = np.sort(similarity[~same])[::-1]
    allowed = int(rate * len(mismatched) + 1e-9)
    if allowed < 1:
        return None
    return float((similarity[same] > mismatched[min(allowed, len(mismatched) - 1)]).mean())


def cosines(one: Float32, other: Float32) -> Float32:
    """Return the cosine similarities float32 [P] of the rows of two arrays float32 [P, dim]."""
    norms: Sequence[Float32] = [np.maximum(np.linalg.norm(rows, axis=1), 1e-12) for rows in (one, other)]
    similarity: Float32 = (one * other).sum(axis=1) / (norms[0] * norms[1])
    return similarity
