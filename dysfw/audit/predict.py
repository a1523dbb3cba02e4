"""Prediction of conditions from shortcut features: how well a model does that never sees a face.

Kernel ridge regression on one-hot labels (Saunders, Gammerman & Vovk, ICML 1998). Its predictions are a fixed matrix, computed
from the features alone, times the labels. The same cross-validation can therefore be repeated with permuted labels for the cost
of one matrix product each. Kernel width, ridge and folds do not depend on the labels.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

from ..types import Float32, Int64
from .feature_table import Table

Float64 = npt.NDArray[np.float64]

ALL = "all"
RIDGE = 1.0  # as much noise as signal: features are weak predictors, and a strong effect survives this
FOLDS, REPEATS = 5, 3


def kernels(table: Table) -> dict[str, Float64]:
    """Compute Gaussian kernels of the features.

    The kernel width is the mean squared distance; the usual median would be 0 if most files are alike. In "all" every group has
    the same weight, so that many background cells do not outweigh a few file properties.

    Args:
        table: Features of N images.

    Returns:
        float64 [N, N] for each group of features and for "all"; 1 on the diagonal.
    """
    by_name = {group: _gaussian(ranks) for group, ranks in table.standardized_ranks().items()}
    return by_name | {ALL: np.mean(list(by_name.values()), axis=0)}


def smoother_matrix(kernel: Float64, train_rows: Int64, test_rows: Int64) -> Float64:
    """Compute the matrix that maps training labels to predictions.

    Args:
        kernel: float64 [N, N].
        train_rows: int64 [T], rows to fit on.
        test_rows: int64 [S], rows to predict.

    Returns:
        float64 [S, T]. Times the one-hot training labels, it is the predicted excess of each class over its share in training.
    """
    regularised = cho_factor(kernel[np.ix_(train_rows, train_rows)] + RIDGE * np.eye(len(train_rows)), lower=True)
    weights = cho_solve(regularised, kernel[np.ix_(train_rows, test_rows)]).T
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
    for _ in range(REPEATS):
        fold = rng.permutation(len(patients)) % FOLDS
        for test_fold in range(min(FOLDS, len(patients))):
            is_test = fold[member] == test_fold
            test_rows, train_rows = np.flatnonzero(is_test), np.flatnonzero(~is_test)
            matrix[np.ix_(test_rows, train_rows)] += (smoother_matrix(kernel, train_rows, test_rows) / REPEATS).astype(
                np.float32
            )
    return matrix


def predict_conditions(kernel: Float64, y: Int64, classes: int, train_rows: Int64, test_rows: Int64) -> Float32:
    """Predict conditions from the features alone: the baseline of a recipe in the same folds.

    Args:
        kernel: float64 [N, N].
        y: int64 [N], class of each row.
        classes: Number of classes, K.
        train_rows: int64 [T], rows to fit on.
        test_rows: int64 [S], rows to predict.

    Returns:
        float32 [S, K], probabilities.
    """
    hot = np.eye(classes)[y[train_rows]]
    share = np.clip(hot.mean(axis=0) + smoother_matrix(kernel, train_rows, test_rows) @ hot, 1e-6, None)
    return np.asarray(share / share.sum(axis=1, keepdims=True), np.float32)


def by_group(table: Table, groups: Int64, seed: int) -> Mapping[str, Float32]:
    """Compute ``cross_validated`` for each group of features and for "all", with the same folds.

    Args:
        table: Features of N images.
        groups: int64 [N], patient of each image.
        seed: Random seed.

    Returns:
        float32 [N, N] by group.
    """
    return {name: cross_validated(kernel, groups, seed) for name, kernel in kernels(table).items()}


def _gaussian(ranks: Float64) -> Float64:
    square = (ranks**2).sum(axis=1)
    distance = np.maximum(square[:, None] + square - 2 * ranks @ ranks.T, 0.0)
    width = distance.mean()
    return np.asarray(np.exp(-distance / width) if width > 0 else np.ones_like(distance))
