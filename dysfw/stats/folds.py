"""Patient-wise, stratified folds for cross-validation."""

from __future__ import annotations

import warnings

import numpy as np

from ..types import Int64


def patient_folds(y: Int64, groups: Int64, folds: int, seed: int) -> list[tuple[Int64, Int64]]:
    """Split rows into folds. All images of a patient are in the same fold, and classes are distributed as evenly as possible.

    There are at most as many folds as the class with the fewest patients has patients, and at least two. Folds with a single
    class in the training rows are left out.

    Args:
        y: int64 [N], the classes.
        groups: int64 [N], the patients.
        folds: Number of folds.
        seed: Random seed.

    Returns:
        Training rows and test rows of each fold.

    Raises:
        ValueError: No fold remains.
    """
    patients = [len(np.unique(groups[y == k])) for k in np.unique(y)]
    number = max(2, min(folds, *patients)) if patients else 2
    if len(np.unique(groups)) < number:
        raise ValueError(f"{len(np.unique(groups))} patient(s) cannot be divided into {number} folds")
    from sklearn.model_selection import StratifiedGroupKFold  # takes a second to import, and only training needs it

    splitter = StratifiedGroupKFold(number, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        splits = list(splitter.split(np.zeros(len(y)), y, groups))
    usable = [
        (train_rows, test_rows) for train_rows, test_rows in splits if len(test_rows) and len(np.unique(y[train_rows])) > 1
    ]
    if not usable:
        raise ValueError("the training rows of each fold would hold a single class")
    return usable
