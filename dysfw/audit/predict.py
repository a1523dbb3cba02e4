"""Predicts conditions from clues: how well a model could do that never looks at a face.

Kernel ridge regression on one-hot labels (Saunders, Gammerman & Vovk, ICML 1998). Its answer is a fixed matrix, made of the
clues alone, times the labels; so the very same cross-validation can be repeated for any number of permuted labels at the cost
of a matrix product each. Nothing is chosen by looking at the labels: not the kernel's width, not the ridge, not the folds.
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
RIDGE = 1.0  # as much noise as signal: clues are weak witnesses, and what is overwhelming survives this
FOLDS, REPEATS = 5, 3


def kernels(table: Table) -> dict[str, Float64]:
    """For each group of clues, and for "all", float64 [N, N], 1 on the diagonal: a Gaussian of the distance between two
    photographs. Its width is the mean squared distance (the median, which is customary, is 0 where most files are alike). In
    "all" each group has the same weight, so that many cells of background do not drown a few facts of the file."""
    made = {group: _gaussian(spread) for group, spread in table.standardized_ranks().items()}
    return made | {ALL: np.mean(list(made.values()), axis=0)}


def smoother_matrix(kernel: Float64, train_rows: Int64, test_rows: Int64) -> Float64:
    """float64 [held, learn]: times the one-hot labels of the rows learned from, this is how much more of each class a held-out
    row is expected to be than the average of those rows."""
    ridged = cho_factor(kernel[np.ix_(train_rows, train_rows)] + RIDGE * np.eye(len(train_rows)), lower=True)
    weights = cho_solve(ridged, kernel[np.ix_(train_rows, test_rows)]).T
    return np.asarray(weights - weights.mean(axis=1, keepdims=True))


def cross_validated(kernel: Float64, groups: Int64, seed: int) -> Float32:
    """float32 [N, N]: times one-hot labels, the out-of-fold answer for each row, the mean over REPEATS divisions. Patients are
    divided at random, without regard to their labels: that would change the folds when labels are permuted."""
    rng = np.random.default_rng(seed)
    patients, member = np.unique(groups, return_inverse=True)
    whole = np.zeros(kernel.shape, np.float32)
    for _ in range(REPEATS):
        fold = rng.permutation(len(patients)) % FOLDS
        for held_fold in range(min(FOLDS, len(patients))):
            is_held = fold[member] == held_fold
            test_rows, train_rows = np.flatnonzero(is_held), np.flatnonzero(~is_held)
            whole[np.ix_(test_rows, train_rows)] += (smoother_matrix(kernel, train_rows, test_rows) / REPEATS).astype(
                np.float32
            )
    return whole


def predict_conditions(kernel: Float64, y: Int64, classes: int, train_rows: Int64, test_rows: Int64) -> Float32:
    """What the clues say of held-out rows: probabilities float32 [held, classes], rows sum to 1. For any division: this is the
    "metadata only" to set beside a recipe that was judged in the same folds. y: of all rows."""
    hot = np.eye(classes)[y[train_rows]]
    share = np.clip(hot.mean(axis=0) + smoother_matrix(kernel, train_rows, test_rows) @ hot, 1e-6, None)
    return np.asarray(share / share.sum(axis=1, keepdims=True), np.float32)


def by_group(table: Table, groups: Int64, seed: int) -> Mapping[str, Float32]:
    """``cross_validated`` for each group of clues and for "all", in the same divisions."""
    return {name: cross_validated(kernel, groups, seed) for name, kernel in kernels(table).items()}


def _gaussian(spread: Float64) -> Float64:
    square = (spread**2).sum(axis=1)
    distance = np.maximum(square[:, None] + square - 2 * spread @ spread.T, 0.0)
    width = distance.mean()
    return np.asarray(np.exp(-distance / width) if width > 0 else np.ones_like(distance))
