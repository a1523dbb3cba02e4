"""Prediction of conditions from shortcut features: how well a model does that never sees a face.

Kernel ridge regression on one-hot labels (Saunders, Gammerman & Vovk, ICML 1998). Its predictions are a fixed matrix, computed
from the features alone, times the labels. The same cross-validation can therefore be repeated with permuted labels for the cost
of one matrix product each. Kernel width, ridge and folds do not depend on the labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array

from ..stats.one_hot import one_hot
from ..types import Float32, Int64
from ..util.progress import Progress, Silent
from ..util.workers import map_in_workers
from .feature_table import Table

Float64 = npt.NDArray[np.float64]

ALL = "all"
RIDGE = 1.0  # as much noise as signal: features are weak predictors, and a strong effect survives this
FOLDS, REPEATS = 5, 3
LANDMARKS = 2000  # training images above which ``predict_conditions`` is approximated: exact, it grows with their cube
ROWS = 1000  # training images in a block
JITTER = 1e-10  # relative to the diagonal, for images with the same features


@dataclass(frozen=True, slots=True, eq=False)
class Kernel:
    """Similarity of N images in all their shortcut features, computed block by block: [N, N] would be too large.

    Attributes:
        ranks: float64 [N, d] for each group of features.
        widths: Mean squared distance in each group.
    """

    ranks: tuple[Float64, ...]
    widths: tuple[float, ...]

    @classmethod
    def of(cls, table: Table) -> Kernel:
        """Make the kernel "all" of ``kernels``.

        Args:
            table: Features of N images.
        """
        ranks = tuple(table.standardized_ranks().values())
        # The mean squared distance of all pairs is twice the variance.
        return cls(ranks, tuple(2 * float(one.var(axis=0).sum()) for one in ranks))

    def block(self, rows: Int64, columns: Int64) -> Float64:
        """Compute a part of the kernel.

        Args:
            rows: int64 [n], images.
            columns: int64 [m], images.

        Returns:
            float64 [n, m].
        """
        total = np.zeros((len(rows), len(columns)))
        for ranks, width in zip(self.ranks, self.widths, strict=True):
            total += _similarity(ranks[rows], ranks[columns], width)
        return total / len(self.ranks)


def kernels(table: Table) -> dict[str, Float64]:
    """Compute Gaussian kernels of the features.

    The kernel width is the mean squared distance; the usual median would be 0 if most files are alike. In "all" every group has
    the same weight, so that many background cells do not outweigh a few file properties.

    Args:
        table: Features of N images.

    Returns:
        float64 [N, N] for each group of features and for "all"; 1 on the diagonal.
    """
    ranks = table.standardized_ranks()
    return {group: _gaussian(one) for group, one in ranks.items()} | {ALL: _mean_kernel(ranks)}


def smoother_matrix(kernel: Float64, train_rows: Int64, test_rows: Int64) -> Float64:
    """Compute the matrix that maps training labels to predictions.

    Args:
        kernel: float64 [N, N].
        train_rows: int64 [T], rows to fit on.
        test_rows: int64 [S], rows to predict.

    Returns:
        float64 [S, T]. Times the one-hot training labels, it is the predicted excess of each class over its share in training.
    """
    return _smoother(kernel[np.ix_(train_rows, train_rows)], kernel[np.ix_(train_rows, test_rows)])


def _smoother(train: Float64, test: Float64) -> Float64:
    """The smoother matrix [S, T] from the kernel of training images [T, T], and of training and test images [T, S]."""
    regularised = cho_factor(train + RIDGE * np.eye(len(train)), lower=True)
    weights = cho_solve(regularised, test).T
    return np.asarray(weights - weights.mean(axis=1, keepdims=True))


def cross_validated(kernel: Float64, groups: Int64, seed: int) -> Float32:
    """Compute the smoother matrix of repeated cross-validation.

    Patients are assigned to folds at random and without stratification, so that the folds do not change with permuted labels.

    Args:
        kernel: float64 [N, N].
        groups: int64 [N], patient of each row.
        seed: Random seed.

    Returns:
        float32 [N, N]. Times the one-hot labels, it is the out-of-fold prediction of each row, averaged over REPEATS repeats.
    """
    rng = np.random.default_rng(seed)
    patients, member = np.unique(groups, return_inverse=True)
    matrix = np.zeros(kernel.shape, np.float32)
    # By block inversion, one inverse gives the predictions of every fold, as in leave-one-out (Hastie, Tibshirani & Friedman,
    # The Elements of Statistical Learning, 2nd ed., 7.10).
    inverse = np.linalg.inv(kernel + RIDGE * np.eye(len(kernel)))
    for _ in range(REPEATS):
        fold = rng.permutation(len(patients)) % FOLDS
        for test_fold in range(min(FOLDS, len(patients))):
            is_test = fold[member] == test_fold
            test_rows, train_rows = np.flatnonzero(is_test), np.flatnonzero(~is_test)
            own = cho_factor(inverse[np.ix_(test_rows, test_rows)], lower=True)
            weights = -cho_solve(own, inverse[np.ix_(test_rows, train_rows)])
            weights -= weights.mean(axis=1, keepdims=True)
            matrix[np.ix_(test_rows, train_rows)] += (weights / REPEATS).astype(np.float32)
    return matrix


def predict_conditions(kernel: Kernel, y: Int64, classes: int, train_rows: Int64, test_rows: Int64) -> Float32:
    """Predict conditions from the features alone: the baseline of a recipe in the same folds.

    With more than LANDMARKS training images, the predictor is a combination of the similarities to LANDMARKS of them, fitted to
    all (subset of regressors: Smola & Schölkopf, ICML 2000). Memory then grows linearly, and time as well.

    Args:
        kernel: Similarity of N images.
        y: int64 [N], class of each row.
        classes: Number of classes, K.
        train_rows: int64 [T], rows to fit on.
        test_rows: int64 [S], rows to predict.

    Returns:
        float32 [S, K], probabilities.
    """
    hot = one_hot(y[train_rows], classes)
    if len(train_rows) <= LANDMARKS:
        excess = (hot @ _smoother(kernel.block(train_rows, train_rows), kernel.block(train_rows, test_rows)).T).T
    else:
        excess = _excess_by_landmarks(kernel, hot, train_rows, test_rows)
    share = np.clip(hot.sum(axis=1) / len(train_rows) + excess, 1e-6, None)
    return np.asarray(share / share.sum(axis=1, keepdims=True), np.float32)


def _excess_by_landmarks(kernel: Kernel, hot: csr_array, train_rows: Int64, test_rows: Int64) -> Float64:
    """The predicted excess of each class over its share in training, float64 [S, K]. hot: one-hot training labels [K, T]."""
    chosen = np.sort(np.random.default_rng(0).permutation(train_rows)[:LANDMARKS])
    gram = RIDGE * kernel.block(chosen, chosen)
    gram[np.diag_indices(LANDMARKS)] += JITTER * np.trace(gram)
    targets = np.zeros((LANDMARKS, hot.shape[0] + 1))  # of each class; and of a constant, to predict relative to the mean
    for start in range(0, len(train_rows), ROWS):
        part = slice(start, start + ROWS)
        similar = kernel.block(train_rows[part], chosen)
        gram += similar.T @ similar
        targets[:, :-1] += (hot[:, part] @ similar).T
        targets[:, -1] += similar.sum(axis=0)
    predicted = kernel.block(test_rows, chosen) @ cho_solve(cho_factor(gram, lower=True), targets)
    shares = hot.sum(axis=1) / len(train_rows)
    return np.asarray(predicted[:, :-1] - predicted[:, -1:] * shares)


def by_group(table: Table, groups: Int64, seed: int, progress: Progress | None = None) -> Mapping[str, Float32]:
    """Compute ``cross_validated`` for each group of features and for "all", with the same folds, on all processors.

    Args:
        table: Features of N images.
        groups: int64 [N], patient of each image.
        seed: Random seed.
        progress: Receives the progress.

    Returns:
        float32 [N, N] by group.
    """
    progress = progress or Silent()
    comparison = _Comparison(table.standardized_ranks(), groups, seed)
    names = [ALL, *comparison.ranks]  # the one that takes longest first
    computed = map_in_workers(_Comparison.matrix, comparison, names, progress.note)
    found = {
        names[n]: matrix
        for n, matrix in progress.track(computed, "auditing: comparing the images", len(names), "groups of features")
    }
    return {name: found[name] for name in (*comparison.ranks, ALL)}


@dataclass(frozen=True, slots=True, eq=False)
class _Comparison:
    """Compares N images in each group of features.

    Attributes:
        ranks: float64 [N, d] for each group of features.
        groups: int64 [N], patient of each image.
        seed: Random seed.
    """

    ranks: Mapping[str, Float64]
    groups: Int64
    seed: int

    def matrix(self, name: str) -> Float32:
        """Compute ``cross_validated`` of one group, or of "all"."""
        kernel = _mean_kernel(self.ranks) if name == ALL else _gaussian(self.ranks[name])
        return cross_validated(kernel, self.groups, self.seed)


def _mean_kernel(ranks: Mapping[str, Float64]) -> Float64:
    """The mean of the kernels of all groups, one after the other: together they would take several times the memory."""
    total = np.zeros(())
    for one in ranks.values():
        total = total + _gaussian(one)
    return np.asarray(total / len(ranks))


def _gaussian(ranks: Float64) -> Float64:
    return _similarity(ranks, ranks, 2 * float(ranks.var(axis=0).sum()))


def _similarity(rows: Float64, columns: Float64, width: float) -> Float64:
    """Gaussian kernel [n, m] of features [n, d] and [m, d]; 1 if the features do not vary."""
    squares, other_squares = (rows**2).sum(axis=1), (columns**2).sum(axis=1)
    distance = np.maximum(squares[:, None] + other_squares - 2 * rows @ columns.T, 0.0)
    return np.asarray(np.exp(-distance / width) if width > 0 else np.ones_like(distance))
