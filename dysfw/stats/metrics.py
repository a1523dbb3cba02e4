"""All measures of an evaluation, from probabilities and true classes, for many weightings of the images at once.

overall:   accuracy, balanced_accuracy (mean sensitivity of the classes present), top_N (share of images whose class is among
           the first N), top_N_macro (mean over the classes present), auroc_macro, auroc_affected (affected against
           unaffected), log_loss, brier, ece
per class: sensitivity, specificity, precision, auroc (the class against all others), top_N

An AUROC only counts pairs of images of the same split, since scores of two splits come from two models. The class frequencies
differ a little between splits, so a model that only predicts the frequencies of its training data would rank most pairs across
splits wrongly (Forman & Scholz, Apples-to-apples in cross-validation studies, SIGKDD Explorations 2010;12(1):49-57).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from ..types import Bool, Float32, Int64
from .auroc import ClassRankings
from .bootstrap import Float64
from .estimate import Estimate
from .one_hot import one_hot

if TYPE_CHECKING:
    from scipy.sparse import csr_array

TOP = (1, 2, 3, 5, 10, 30)
BINS = 15
BLOCK = 256  # weightings computed together: limits memory, and keeps the sums of a class in the CPU cache

Fraction = Annotated[float, Field(ge=0, le=1)]


class Scores(BaseModel):
    """The performance of a bundle in cross-validation.

    Attributes:
        images: Number of images.
        chance: Balanced accuracy of guessing, 1/K.
        accuracy: Share of images whose condition is ranked first.
        balanced_accuracy: Mean sensitivity over the conditions present.
        top: Share of images whose condition is among the first n, by n.
        confusion: Counts in the order of the labels; rows are the truth, columns the condition ranked first.
        intervals: Ends of the 95 % intervals, by "accuracy", "balanced_accuracy" and "top_n"; empty in older bundles.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    images: int
    chance: Fraction
    accuracy: Fraction
    balanced_accuracy: Fraction
    top: dict[int, Fraction]
    confusion: list[list[int]]
    intervals: dict[str, tuple[Fraction, Fraction]] = {}

    @model_serializer(mode="wrap")
    def _serialise(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Leave out what older bundles do not have, so that their fingerprint stays."""
        content: dict[str, object] = handler(self)
        return {key: value for key, value in content.items() if key != "intervals" or value}

    def estimate(self, name: str) -> Estimate:
        """Return a score with its interval, if it has one.

        Args:
            name: "accuracy", "balanced_accuracy" or "top_n".
        """
        value = self.top[int(name[4:])] if name.startswith("top_") else getattr(self, name)
        low, high = self.intervals.get(name, (None, None))
        return Estimate(value=value, low=low, high=high)


class CalibrationBin(BaseModel):
    """Images whose highest probability lies in one bin.

    Attributes:
        images: Number of images.
        confidence: Mean of their highest probability.
        accuracy: Share of them that were predicted correctly.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    images: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """Measures for each of B weightings.

    NaN marks an undefined measure, such as the precision of a class that was never predicted or the sensitivity of one without
    images.

    Attributes:
        overall: float64 [B], by name.
        per_class: float64 [B, K], by name.
    """

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
    """Compute all measures.

    Args:
        probabilities: float [N, K], or [P, N, K] for P repeats of a cross-validation. A measure is then the mean over the
            repeats in which it is defined.
        y: int64 [N] in 0..K-1, the true classes.
        weights: float64 [B, N], at least 0; ones for the unweighted measures.
        unaffected: The class without a condition.
        splits: int64 [P, N], the split in which each image was tested; None if there is only one.

    Returns:
        The measures.

    Raises:
        ValueError: Some probabilities are not numbers.
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


def calibration_errors(probabilities: Float32 | Float64, y: Int64, weights: Float64) -> Float64:
    """Compute the expected calibration error alone.

    Args:
        probabilities: As in ``measure``.
        y: int64 [N], the true classes.
        weights: float64 [B, N].

    Returns:
        float64 [B].
    """
    excess = [_excess(repeat, repeat.argmax(axis=1) == y) for repeat in _as_repeats(probabilities, y)]
    total = weights.sum(axis=1)
    return _mean(np.stack([_ratio(np.abs(one @ weights.T).sum(axis=0), total) for one in excess]), axis=0)


def scores(probabilities: Float32, y: Int64) -> Scores:
    """Compute the measures that a bundle stores.

    Args:
        probabilities: float32 [N, K].
        y: int64 [N], the true classes; N >= 1.

    Returns:
        The measures.
    """
    overall = {name: float(values[0]) for name, values in measure(probabilities, y, np.ones((1, len(y)))).overall.items()}
    classes = probabilities.shape[1]
    return Scores(
        images=len(y),
        chance=1 / classes,
        accuracy=overall["accuracy"],
        balanced_accuracy=overall["balanced_accuracy"],
        top={n: overall[f"top_{n}"] for n in top_sizes(classes)},
        confusion=confusion(probabilities, y).astype(int).tolist(),
    )


def top_sizes(classes: int) -> Sequence[int]:
    """List each N for which top-N is meaningful with this number of classes."""
    return [n for n in TOP if n < classes]


def confusion(probabilities: Float32 | Float64, y: Int64) -> Float64:
    """Compute the confusion matrix, as a mean over the repeats.

    Args:
        probabilities: float [N, K], or [P, N, K].
        y: int64 [N], the true classes.

    Returns:
        float64 [K, K], number of images by true class (rows) and predicted class (columns).
    """
    repeats = _as_repeats(probabilities, y)
    classes = repeats.shape[2]
    cells = [y * classes + repeat.argmax(axis=1) for repeat in repeats]
    counts = np.bincount(np.concatenate(cells), minlength=classes**2).reshape(classes, classes)
    return counts.astype(np.float64) / len(repeats)


def by_row(counts: Float64) -> Float64:
    """Divide each row of a confusion matrix by its sum. Rows of classes without images stay 0."""
    images = counts.sum(axis=1, keepdims=True)
    shares: Float64 = np.divide(counts, images, out=np.zeros_like(counts), where=images > 0)
    return shares


def calibration_bins(probabilities: Float32 | Float64, y: Int64) -> list[CalibrationBin]:
    """List the non-empty bins of the expected calibration error, by ascending confidence.

    Args:
        probabilities: float [N, K], or [P, N, K]; an image counts once in each repeat.
        y: int64 [N], the true classes.

    Returns:
        The bins.
    """
    repeats = _as_repeats(probabilities, y)
    confidence = repeats.max(axis=2).ravel()
    correct = np.concatenate([repeat.argmax(axis=1) == y for repeat in repeats])
    bins = _bin_of(confidence)
    rows = [np.flatnonzero(bins == b) for b in np.unique(bins)]
    return [
        CalibrationBin(images=len(r), confidence=float(confidence[r].mean()), accuracy=float(correct[r].mean())) for r in rows
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Repeat:
    """The predictions of one repeat for N images, as matrices to multiply weights with. Those of classes are sparse.

    Attributes:
        truth: [K, N], 1 in the true class.
        predicted: [K, N], 1 in the class ranked first.
        within: By n, ``truth`` of the images whose class is among the first n, else 0.
        losses: [2, N], log loss and Brier score.
        excess: [BINS, N], correct (0 or 1) minus confidence, in the bin of that confidence.
        rankings: For each split its rows, and their ranking by the probability of each class.
    """

    truth: csr_array
    predicted: csr_array
    within: dict[int, csr_array]
    losses: Float64
    excess: csr_array
    rankings: tuple[tuple[Int64, ClassRankings], ...]

    @classmethod
    def of(cls, probabilities: Float32 | Float64, y: Int64, split: Int64) -> _Repeat:
        classes = probabilities.shape[1]
        rank = rank_of_truth(probabilities, y)
        own = probabilities[np.arange(len(y)), y].astype(np.float64)
        squares = np.einsum("nk,nk->n", probabilities, probabilities, dtype=np.float64)
        return cls(
            truth=one_hot(y, classes),
            predicted=one_hot(probabilities.argmax(axis=1), classes),
            within={n: one_hot(y, classes, rank < n) for n in top_sizes(classes)},
            losses=np.stack([_log_loss(probabilities, y), squares - 2 * own + 1]),
            excess=_excess(probabilities, rank == 0),
            rankings=tuple(
                (at, ClassRankings.of(probabilities[at], y[at]))
                for at in (np.flatnonzero(split == s) for s in np.unique(split))
            ),
        )

    def measures(self, weights: Float64, unaffected: int | None) -> Measures:
        """Compute all measures for weights float64 [N, B]."""
        total, truth, predicted = weights.sum(axis=0), (self.truth @ weights).T, (self.predicted @ weights).T
        within = {n: (rows @ weights).T for n, rows in self.within.items()}
        hits = within[1]
        per_class = {
            "sensitivity": _ratio(hits, truth),
            "specificity": 1 - _ratio(predicted - hits, total[:, None] - truth),
            "precision": _ratio(hits, predicted),
            "auroc": self._auroc(weights),
            **{f"top_{n}": _ratio(columns, truth) for n, columns in within.items()},
        }
        losses = _ratio(self.losses @ weights, total)
        overall = {
            "accuracy": _ratio(hits.sum(axis=1), total),
            "balanced_accuracy": _mean(per_class["sensitivity"], axis=1),
            **{f"top_{n}": _ratio(columns.sum(axis=1), total) for n, columns in within.items()},
            **{f"top_{n}_macro": _mean(per_class[f"top_{n}"], axis=1) for n in within},
            "auroc_macro": _mean(per_class["auroc"], axis=1),
            "log_loss": losses[0],
            "brier": losses[1],
            "ece": _ratio(np.abs(self.excess @ weights).sum(axis=0), total),
        }
        if unaffected is not None:
            # 1 - p of the unaffected class ranks the affected as p of that class ranks the unaffected.
            overall["auroc_affected"] = per_class["auroc"][:, unaffected]
        return Measures(overall, per_class)

    def _auroc(self, weights: Float64) -> Float64:
        """AUROC of each class, float64 [B, K]."""
        won, pairs = np.zeros((2, self.truth.shape[0], weights.shape[1]))
        for rows, rankings in self.rankings:
            more_won, more_pairs = rankings.won_pairs(weights[rows])
            won += more_won
            pairs += more_pairs
        return _ratio(won, pairs).T


def _excess(probabilities: Float32 | Float64, correct: Bool) -> csr_array:
    """Sparse [BINS, N]: correct (0 or 1) minus confidence, in the bin of that confidence."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    return one_hot(_bin_of(confidence), BINS) * (correct - confidence)[None]


def _as_repeats(probabilities: Float32 | Float64, y: Int64) -> Float32 | Float64:
    """Probabilities as [P, N, K], checked against y."""
    repeats = probabilities if probabilities.ndim == 3 else probabilities[None]
    if repeats.shape[1] != len(y) or not len(y):
        raise ValueError(f"{repeats.shape[1]} rows of probabilities for {len(y)} images")
    if y.min() < 0 or y.max() >= repeats.shape[2]:
        raise ValueError(f"classes {y.min()} to {y.max()}, but probabilities of {repeats.shape[2]} classes")
    broken = ~np.isfinite(repeats).all(axis=2)
    if broken.any():
        raise ValueError(f"{broken.sum()} of {broken.size} rows of probabilities hold values that are not numbers")
    return repeats


def rank_of_truth(probabilities: Float32 | Float64, y: Int64) -> Int64:
    """Number of classes that are ranked before the true class, int [N]; ties keep the labels' order."""
    own = probabilities[np.arange(len(y)), y][:, None]
    tied_before = (probabilities == own) & (np.arange(probabilities.shape[1]) < y[:, None])
    return np.asarray(np.count_nonzero((probabilities > own) | tied_before, axis=1), np.int64)


def _log_loss(probabilities: Float32 | Float64, y: Int64) -> Float64:
    """Log loss of each image, with probabilities clipped at the epsilon of their dtype, as in scikit-learn."""
    eps = np.finfo(probabilities.dtype).eps
    true = probabilities[np.arange(len(y)), y]
    losses: Float64 = -np.log(np.clip(true, eps, 1 - eps).astype(np.float64))
    return losses


def _bin_of(confidence: Float32 | Float64) -> Int64:
    """Index of the equal-width bin, which includes its upper edge (Guo et al., ICML 2017; Naeini et al., AAAI 2015)."""
    return np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidence, side="left")


def _ratio(part: Float64, whole: Float64) -> Float64:
    """Quotient, NaN for 0/0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return part / whole


def _mean(values: Float64, axis: int) -> Float64:
    """Mean of the defined values, NaN if there are none."""
    defined = ~np.isnan(values)
    return _ratio(np.where(defined, values, 0).sum(axis=axis), defined.sum(axis=axis).astype(np.float64))


def _mean_of(repeats: Sequence[Measures]) -> Measures:
    """Mean of each measure over several repeats, for each weighting."""
    first = repeats[0]
    return Measures(
        {name: _mean(np.stack([one.overall[name] for one in repeats]), axis=0) for name in first.overall},
        {name: _mean(np.stack([one.per_class[name] for one in repeats]), axis=0) for name in first.per_class},
    )
