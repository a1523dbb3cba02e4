"""Permutation test of an audit: labels are permuted between patients, and all statistics are computed again.

Three kinds of statistics are tested together: the balanced accuracy of each group of features and of all features; the AUROC of
each condition against the others, from the same (a control class from another camera hardly changes the balanced accuracy of 14
conditions); and the best single feature of any condition.

The test uses one randomly drawn image per patient. Under the null hypothesis these images are exchangeable, and the test is
exact even if controls have one image each and patients five. Averaging a patient's images would not be exact: the variance of
the mean reveals the number of images and thus, in such data, the condition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.stats import rankdata

from ..stats.one_hot import one_hot
from ..types import Float32, Int64
from ..util.progress import Progress
from ..util.threads import one_thread
from ..util.workers import map_in_workers
from .feature_table import Table
from .permutation_null import SINGLE, PermutationNull, Statistic

Float64 = npt.NDArray[np.float64]

BLOCK = 4_000_000  # scores in memory at once, 16 MB
BLOCKS = 32  # of permutations at least, so that many processors have work
MANY = 32  # conditions above which one-hot labels are kept sparse: products then cost the same for any number of conditions


def one_of_each(y: Int64, groups: Int64) -> Int64:
    """Choose one image per patient.

    Args:
        y: int64 [N], class of each image, in random order, so that ties are not ranked by the order of the data set.
        groups: int64 [N], patient of each image.

    Returns:
        Sorted rows of the first image of each patient. A patient with two labels counts once with each.
    """
    _, first = np.unique(np.stack([groups, y]), axis=1, return_index=True)
    return np.sort(first)


def permuted(
    smoother_matrices: Mapping[str, Float32], table: Table, y: Int64, *, permutations: int, seed: int, progress: Progress
) -> PermutationNull:
    """Compute all statistics with the original and with permuted labels, on all processors.

    Args:
        smoother_matrices: float32 [U, U] for each group of features, see ``predict.by_group``.
        table: The features of U images, one per patient.
        y: int64 [U], class of each image; every class 0 to K-1 occurs.
        permutations: Number of permutations.
        seed: Random seed.
        progress: Receives the progress.

    Returns:
        The statistics.
    """
    rng = np.random.default_rng(seed)
    classes = int(y.max()) + 1
    labels = np.stack([y, *(rng.permutation(y) for _ in range(permutations))])
    ranks = standardised_ranks(table)
    statistics = [Statistic(group, label) for group in smoother_matrices for label in (None, *range(classes))]
    matrices = [np.ascontiguousarray(one.T) if classes > MANY else one for one in smoother_matrices.values()]
    step = max(1, min(BLOCK // (len(y) * classes), -(-len(labels) // BLOCKS)))
    blocks = [labels[start : start + step] for start in range(0, len(labels), step)]
    values = np.empty((len(labels), len(statistics) + 1))
    common = _Matrices(matrices, ranks, classes)

    def measured() -> Iterator[None]:
        for n, rows in map_in_workers(_measure_block, common, blocks, progress.note):
            values[n * step : n * step + len(rows)] = rows
            yield from [None] * len(rows)

    for _ in progress.track(measured(), "permuting labels", len(labels), "permutations"):
        pass
    with one_thread():  # as in the block that holds the original labels: p-values compare both to the last digits
        return PermutationNull((*statistics, SINGLE), values, common.rank_sums(blocks[0])[0])


@dataclass(frozen=True, slots=True, eq=False)
class _Matrices:
    """What all permutations have in common.

    Attributes:
        smoothers: float32 [U, U] for each group of features; transposed if there are many classes.
        ranks: float32 [U, D], standardised ranks of the features.
        classes: Number of classes, K.
    """

    smoothers: Sequence[Float32]
    ranks: Float32
    classes: int

    def rank_sums(self, block: Int64) -> Float64:
        """The rank sums of some permutations of the labels, int64 [b, U]; float64 [b, K, D], of many classes the first only."""
        if self.classes > MANY:
            return rank_sums_of_each(one_hot(block[0], self.classes, dtype=np.float32), self.ranks)[None]
        return _rank_sums(np.eye(self.classes, dtype=np.float32)[block], self.ranks)


def _measure_block(matrices: _Matrices, block: Int64) -> Float64:
    """Measure predictions with some permutations of the labels, int64 [b, U]; float64 [b, M], see ``PermutationNull``."""
    if matrices.classes > MANY:
        return np.array([_measure_many(matrices.smoothers, one, matrices.ranks) for one in block])
    hot = np.eye(matrices.classes, dtype=np.float32)[block]
    columns = [_measure(one, block, hot) for one in matrices.smoothers]
    return np.concatenate([*columns, np.abs(matrices.rank_sums(block)).max(axis=(1, 2))[:, None]], axis=1)


def _measure(smoother_matrix: Float32, labels: Int64, hot: Float32) -> Float64:
    """Measure predictions from a smoother matrix.

    Args:
        smoother_matrix: float32 [U, U].
        labels: int64 [b, U], permuted labels.
        hot: float32 [b, U, K], the same labels one-hot.

    Returns:
        float64 [b, 1 + K], the balanced accuracy and the AUROC of each class.
    """
    repeats, number, classes = hot.shape
    scores = (smoother_matrix @ hot.transpose(1, 0, 2).reshape(number, -1)).reshape(number, repeats, classes).transpose(1, 2, 0)
    members = hot.sum(axis=1)
    correct = (scores / members[..., None]).argmax(axis=1) == labels  # relative to the share of each class
    balanced = (np.einsum("bu,buk->bk", correct.astype(np.float32), hot) / members).mean(axis=1)
    order = np.argsort(scores, axis=2)
    ahead = np.take_along_axis(hot.transpose(0, 2, 1), order, axis=2).astype(np.float64) @ np.arange(number)
    auroc = (ahead - members * (members - 1) / 2) / (members * (number - members))
    return np.column_stack([balanced, auroc])


def _measure_many(transposed: Sequence[Float32], labels: Int64, ranks: Float32) -> Float64:
    """Measure predictions of many conditions for one permutation.

    Args:
        transposed: float32 [U, U], the transpose of each smoother matrix.
        labels: int64 [U], permuted labels.
        ranks: float32 [U, D], standardised ranks of the features.

    Returns:
        float64, for each matrix the balanced accuracy and the AUROC of each class; then the best single feature.
    """
    members, columns = np.bincount(labels), []
    hot = one_hot(labels, len(members), dtype=np.float32)
    for matrix in transposed:
        scores = hot @ matrix  # [K, U]
        correct = (scores / members[:, None].astype(np.float32)).argmax(axis=0) == labels
        columns += [[(correct / members[labels]).sum() / len(members)], auroc_of_each(scores, labels)]
    return np.concatenate([*columns, [np.abs(rank_sums_of_each(hot, ranks)).max()]])


def auroc_of_each(scores: Float32, labels: Int64) -> Float64:
    """Compute the AUROC of each class against all others; ties count half.

    Args:
        scores: float32 [K, U], of each class.
        labels: int64 [U]; every class 0 to K-1 occurs.

    Returns:
        float64 [K].
    """
    classes, number = scores.shape
    members = np.bincount(labels)
    rows = np.argsort(labels, kind="stable")
    ends = np.cumsum(members)
    own_scores, starts, ahead = scores[labels[rows], rows], ends - members, np.empty(classes)
    for k, others in enumerate(scores):
        positives = own_scores[starts[k] : ends[k], None]
        ahead[k] = np.count_nonzero(others < positives) + np.count_nonzero(others == positives) / 2
    return np.asarray((ahead - members**2 / 2) / (members * (number - members)))


def rank_sums_of_each(hot: csr_array, ranks: Float32) -> Float64:
    """Return float64 [K, D], like ``_rank_sums``."""
    number = hot.shape[1]
    members = np.diff(hot.indptr).astype(np.float64)
    return np.asarray((hot @ ranks) / np.sqrt(members * (number - members) / (number - 1))[:, None])


def standardised_ranks(table: Table) -> Float32:
    """Return float32 [U, D], ranks of each feature with mean 0 and standard deviation 1; 0 for constant features."""
    ranks = rankdata(table.values, axis=0)
    deviation = ranks.std(axis=0)
    return np.asarray((ranks - ranks.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0), np.float32)


def _rank_sums(hot: Float32, ranks: Float32) -> Float64:
    """Return float64 [b, K, D], Wilcoxon's rank sum of each class and feature, in standard deviations under the null."""
    repeats, number, classes = hot.shape
    sums = (hot.transpose(0, 2, 1).reshape(-1, number) @ ranks).reshape(repeats, classes, -1)
    members = hot.sum(axis=1).astype(np.float64)
    return np.asarray(sums / np.sqrt(members * (number - members) / (number - 1))[..., None])
