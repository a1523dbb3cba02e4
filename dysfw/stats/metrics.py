"""Every measure of an evaluation, from probabilities and the truth, for many weightings of the photographs at once.

overall:   accuracy, balanced_accuracy (mean sensitivity of the classes present), top_N (share of photographs whose class is
           among the first N), top_N_macro (mean over the classes present), auroc_macro, auroc_affected (affected against
           unaffected), log_loss, brier, ece
per class: sensitivity, specificity, precision, auroc (the class against all others), top_N

An AUROC counts pairs of photographs of the same split only. Scores of two splits come from two models: where the shares of the
classes differ a little between splits, a model that only repeats what it learned from would rank pairs across them wrongly more
often than not (Forman & Scholz, Apples-to-apples in cross-validation studies, SIGKDD Explorations 2010;12(1):49-57).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from ..types import Float32, Int64
from .auroc import Ranking
from .bootstrap import Float64

TOP = (1, 2, 3, 5, 10, 30)
BINS = 15
BLOCK = 256  # weightings taken together: bounds the memory, and keeps the sums of a class in the processor's cache


Fraction = Annotated[float, Field(ge=0, le=1)]


class Scores(BaseModel):
    """What a bundle says of its own performance.

    Attributes:
        images: Number of images.
        chance: Balanced accuracy of guessing, 1/K.
        accuracy: Share of images whose condition is ranked first.
        balanced_accuracy: Mean sensitivity over the conditions present.
        top: Share of images whose condition is among the first n, by n.
        confusion: Counts in the order of the labels; rows are the truth, columns the condition ranked first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    images: int
    chance: Fraction
    accuracy: Fraction
    balanced_accuracy: Fraction
    top: dict[int, Fraction]
    confusion: list[list[int]]


class CalibrationBin(BaseModel):
    """Images whose highest probability lies in one bin.

    Attributes:
        images: Number of images.
        confidence: Mean of their highest probability.
        accuracy: Share of them that were right.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    images: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """overall: by name float64 [B], a value for each weighting; per_class: by name float64 [B, K]. NaN where a measure is not
    defined: the precision of a class that was never ranked first, or the sensitivity of one that no photograph shows."""

    overall: dict[str, Float64]
    per_class: dict[str, Float64]


def measure(
    probabilities: Float32 | Float64,
    y: Int64,
    weights: Float64,
    unaffected: int | None = None,
    *,
    splits: Int64 | None = None,
) -> Measures:
    """All measures. With weights of ones they are those of the photographs as they are.

    probabilities: float [N, K], or [P, N, K] where each photograph was per_repeat in each of P repeats: a measure is then the mean
    over the repeats that define it. y: int [N] in 0..K-1. weights: float64 [B, N], at least 0. unaffected: the class without a
    condition. splits: int [P, N], in which split each was per_repeat; None: all in one. Raises ValueError for probabilities that
    are not numbers.
    """
    repeats = _as_repeats(probabilities, y)
    split_of = np.zeros(repeats.shape[:2], np.int64) if splits is None else splits
    per_repeat = [_Repeat.of(repeat, y, split) for repeat, split in zip(repeats, split_of, strict=True)]
    blocks = []
    for start in range(0, len(weights), BLOCK):
        block = np.ascontiguousarray(weights[start : start + BLOCK].T)
        blocks.append(_mean_of([one.measures(block, unaffected) for one in per_repeat]))
    return Measures(
        {name: np.concatenate([block.overall[name] for block in blocks]) for name in blocks[0].overall},
        {name: np.concatenate([block.per_class[name] for block in blocks]) for name in blocks[0].per_class},
    )


def scores(probabilities: Float32, y: Int64) -> Scores:
    """The measures that a bundle keeps.

    Args:
        probabilities: float32 [N, K].
        y: int64 [N], the true classes; N >= 1.
    """
    found = {name: float(values[0]) for name, values in measure(probabilities, y, np.ones((1, len(y)))).overall.items()}
    classes = probabilities.shape[1]
    return Scores(
        images=len(y),
        chance=1 / classes,
        accuracy=found["accuracy"],
        balanced_accuracy=found["balanced_accuracy"],
        top={n: found[f"top_{n}"] for n in top_sizes(classes)},
        confusion=confusion(probabilities, y).astype(int).tolist(),
    )


def top_sizes(classes: int) -> Sequence[int]:
    """The N of all top-N measures that mean something with this many classes."""
    return [n for n in TOP if n < classes]


def confusion(probabilities: Float32 | Float64, y: Int64) -> Float64:
    """float64 [K, K]: photographs by their class (rows) and by what was ranked first (columns), mean over the repeats."""
    repeats = _as_repeats(probabilities, y)
    classes = repeats.shape[2]
    cells = [y * classes + _ranked(repeat)[:, 0] for repeat in repeats]
    counts = np.bincount(np.concatenate(cells), minlength=classes**2).reshape(classes, classes)
    return counts.astype(np.float64) / len(repeats)


def by_row(counts: Float64) -> Float64:
    """A confusion matrix as shares of each row; rows of classes that no photograph shows stay 0."""
    images = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, images, out=np.zeros_like(counts), where=images > 0)


def calibration_bins(probabilities: Float32 | Float64, y: Int64) -> list[CalibrationBin]:
    """The bins of the expected calibration error that hold photographs, by rising confidence. A photograph counts once in each
    repeat."""
    repeats = _as_repeats(probabilities, y)
    confidence = repeats.max(axis=2).ravel()
    right = np.concatenate([_ranked(repeat)[:, 0] == y for repeat in repeats])
    place = _bin_of(confidence)
    rows = [np.flatnonzero(place == b) for b in np.unique(place)]
    return [
        CalibrationBin(images=len(r), confidence=float(confidence[r].mean()), accuracy=float(right[r].mean())) for r in rows
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Repeat:
    """What one repeat says of N photographs, as columns to multiply weights with.

    truth: [N, K], 1 in the photograph's class. chosen: [N, K], 1 in the class ranked first. within: by n, truth where it is
    among the first n. losses: [N, 2], log loss and Brier score. excess: [N, BINS], right (0 or 1) minus confidence, in the bin
    of that confidence. rankings: of each split the rows, and these ranked by the probability of each class.
    """

    truth: Float64
    chosen: Float64
    within: dict[int, Float64]
    losses: Float64
    excess: Float64
    rankings: tuple[tuple[Int64, tuple[Ranking, ...]], ...]

    @classmethod
    def of(cls, probabilities: Float32 | Float64, y: Int64, split: Int64) -> _Repeat:
        rows, classes = probabilities.shape
        order = _ranked(probabilities)
        rank = np.argmax(order == y[:, None], axis=1)
        truth = np.eye(classes)[y]
        confidence = probabilities.max(axis=1).astype(np.float64)
        excess = np.zeros((rows, BINS))
        excess[np.arange(rows), _bin_of(confidence)] = (rank == 0) - confidence
        return cls(
            truth=truth,
            chosen=np.eye(classes)[order[:, 0]],
            within={n: truth * (rank < n)[:, None] for n in top_sizes(classes)},
            losses=np.stack([_log_loss(probabilities, y), ((probabilities - truth) ** 2).sum(axis=1)], axis=1),
            excess=excess,
            rankings=tuple(
                (at, tuple(Ranking.of(probabilities[at, k], y[at] == k) for k in range(classes)))
                for at in (np.flatnonzero(split == s) for s in np.unique(split))
            ),
        )

    def measures(self, weights: Float64, unaffected: int | None) -> Measures:
        """weights: float64 [N, B]."""
        across = weights.T
        total, truth, chosen = weights.sum(axis=0), across @ self.truth, across @ self.chosen
        found = {n: across @ columns for n, columns in self.within.items()}
        hits = found[1]
        per_class = {
            "sensitivity": _ratio(hits, truth),
            "specificity": 1 - _ratio(chosen - hits, total[:, None] - truth),
            "precision": _ratio(hits, chosen),
            "auroc": self._auroc(weights),
            **{f"top_{n}": _ratio(columns, truth) for n, columns in found.items()},
        }
        losses = _ratio(across @ self.losses, total[:, None])
        overall = {
            "accuracy": _ratio(hits.sum(axis=1), total),
            "balanced_accuracy": _mean(per_class["sensitivity"], axis=1),
            **{f"top_{n}": _ratio(columns.sum(axis=1), total) for n, columns in found.items()},
            **{f"top_{n}_macro": _mean(per_class[f"top_{n}"], axis=1) for n in found},
            "auroc_macro": _mean(per_class["auroc"], axis=1),
            "log_loss": losses[:, 0],
            "brier": losses[:, 1],
            "ece": _ratio(np.abs(across @ self.excess).sum(axis=1), total),
        }
        if unaffected is not None:
            # 1 - p of the unaffected class ranks the affected as p of that class ranks the unaffected.
            overall["auroc_affected"] = per_class["auroc"][:, unaffected]
        return Measures(overall, per_class)

    def _auroc(self, weights: Float64) -> Float64:
        """float64 [B, K]"""
        won, pairs = np.zeros((2, weights.shape[1], self.truth.shape[1]))
        for rows, rankings in self.rankings:
            of_split = weights[rows]
            for k, ranking in enumerate(rankings):
                more_won, more_pairs = ranking.won_pairs(of_split)
                won[:, k] += more_won
                pairs[:, k] += more_pairs
        return _ratio(won, pairs)


def _as_repeats(probabilities: Float32 | Float64, y: Int64) -> Float32 | Float64:
    """Probabilities as [P, N, K], checked against y."""
    repeats = probabilities if probabilities.ndim == 3 else probabilities[None]
    if repeats.shape[1] != len(y) or not len(y):
        raise ValueError(f"{repeats.shape[1]} rows of probabilities for {len(y)} photographs")
    if y.min() < 0 or y.max() >= repeats.shape[2]:
        raise ValueError(f"classes {y.min()} to {y.max()}, but probabilities of {repeats.shape[2]} classes")
    broken = ~np.isfinite(repeats).all(axis=2)
    if broken.any():
        raise ValueError(f"{broken.sum()} of {broken.size} rows of probabilities hold values that are not numbers")
    return repeats


def _ranked(probabilities: Float32 | Float64) -> Int64:
    """Classes from the most to the least probable, int [N, K]; equal ones in the labels' order."""
    return np.argsort(-probabilities, axis=1, kind="stable")


def _log_loss(probabilities: Float32 | Float64, y: Int64) -> Float64:
    """Natural logarithms, of probabilities clipped at their number type's epsilon, as scikit-learn does."""
    eps = np.finfo(probabilities.dtype).eps
    true = probabilities[np.arange(len(y)), y]
    return -np.log(np.clip(true, eps, 1 - eps).astype(np.float64))  # type: ignore[no-any-return]


def _bin_of(confidence: Float32 | Float64) -> Int64:
    """Equal-width bins that hold their upper edge (Guo et al., ICML 2017; Naeini et al., AAAI 2015)."""
    return np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidence, side="left")


def _ratio(part: Float64, whole: Float64) -> Float64:
    """NaN for 0/0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return part / whole


def _mean(values: Float64, axis: int) -> Float64:
    """Mean of those that are defined; NaN where none is."""
    known = ~np.isnan(values)
    return _ratio(np.where(known, values, 0).sum(axis=axis), known.sum(axis=axis).astype(np.float64))


def _mean_of(repeats: Sequence[Measures]) -> Measures:
    """Measures of several repeats, weighting by weighting."""
    first = repeats[0]
    return Measures(
        {name: _mean(np.stack([one.overall[name] for one in repeats]), axis=0) for name in first.overall},
        {name: _mean(np.stack([one.per_class[name] for one in repeats]), axis=0) for name in first.per_class},
    )
