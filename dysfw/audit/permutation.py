"""Is it more than chance? Labels are permuted between patients, and everything is measured anew.

What is tested at once: the balanced accuracy of each group of clues and of all together; the AUROC of each condition against
the rest, from each group and from all (a control class from another camera hardly moves the balanced accuracy of 14
conditions); and the single clue that tells a condition best.

One photograph of each patient takes part, drawn at random. Where nothing tells a condition, such photographs are exchangeable
and the test is exact, whatever the data: also where controls have one photograph each and patients five. Means over a patient's
photographs would not do: how narrowly they scatter tells their number, and with it, in such data, the condition.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from ..types import Float32, Int64
from ..util.progress import Progress
from .feature_table import Table
from .permutation_null import SINGLE, PermutationNull, Statistic

BLOCK = 4_000_000  # scores held at once, 16 MB


def one_of_each(y: Int64, groups: Int64) -> Int64:
    """The rows of one photograph of each patient, the first; a patient under two labels counts once with each.

    y, groups: int [N], in random order, which also sees to it that tied scores are not ranked by the order of the data set.
    """
    _, first = np.unique(np.stack([groups, y]), axis=1, return_index=True)
    return np.sort(first)


def permuted(
    smoother_matrices: Mapping[str, Float32], table: Table, y: Int64, *, permutations: int, seed: int, progress: Progress
) -> PermutationNull:
    """hats: float32 [U, U] by group of clues, see ``predict.by_group``; table, y int [U]: the same photographs, one of each
    patient. Every class 0..K-1 is in y."""
    rng = np.random.default_rng(seed)
    classes = int(y.max()) + 1
    labels = np.stack([y, *(rng.permutation(y) for _ in range(permutations))])
    ranks = _standard_ranks(table)
    step = max(1, BLOCK // (len(y) * classes))
    blocks = [labels[start : start + step] for start in range(0, len(labels), step)]
    measured, features = [], []
    for block in progress.track(blocks, "permuting labels", len(blocks), "blocks"):
        hot = np.eye(classes, dtype=np.float32)[block]
        alone = _rank_sums(hot, ranks)
        features.append(alone[0])
        columns = [_measure(smoother_matrix, block, hot) for smoother_matrix in smoother_matrices.values()]
        measured.append(np.concatenate([*columns, np.abs(alone).max(axis=(1, 2))[:, None]], axis=1))
    statistics = [Statistic(group, label) for group in smoother_matrices for label in (None, *range(classes))]
    return PermutationNull((*statistics, SINGLE), np.concatenate(measured), features[0])


def _measure(smoother_matrix: Float32, labels: Int64, hot: Float32) -> npt.NDArray[np.float64]:
    """float64 [b, 1 + K]: balanced accuracy, and the AUROC of each class. hat [U, U]; labels int [b, U]; hot [b, U, K]."""
    repeats, number, classes = hot.shape
    scores = (smoother_matrix @ hot.transpose(1, 0, 2).reshape(number, -1)).reshape(number, repeats, classes).transpose(1, 2, 0)
    members = hot.sum(axis=1)
    right = (scores / members[..., None]).argmax(axis=1) == labels  # by how many times likelier than on average
    balanced = (np.einsum("bu,buk->bk", right.astype(np.float32), hot) / members).mean(axis=1)
    order = np.argsort(scores, axis=2)
    ahead = np.take_along_axis(hot.transpose(0, 2, 1), order, axis=2).astype(np.float64) @ np.arange(number)
    auroc = (ahead - members * (members - 1) / 2) / (members * (number - members))
    return np.column_stack([balanced, auroc])


def _standard_ranks(table: Table) -> Float32:
    """float32 [U, D]: ranks in each clue, mean 0 and standard deviation 1; 0 for a clue that is the same in all."""
    ranks = rankdata(table.values, axis=0)
    deviation = ranks.std(axis=0)
    return np.asarray((ranks - ranks.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0), np.float32)


def _rank_sums(hot: Float32, ranks: Float32) -> npt.NDArray[np.float64]:
    """float64 [b, K, D]: Wilcoxon's rank sum of each class in each clue, in standard deviations of its permutations."""
    repeats, number, classes = hot.shape
    sums = (hot.transpose(0, 2, 1).reshape(-1, number) @ ranks).reshape(repeats, classes, -1)
    members = hot.sum(axis=1).astype(np.float64)
    return np.asarray(sums / np.sqrt(members * (number - members) / (number - 1))[..., None])
