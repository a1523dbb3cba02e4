"""Patient-wise folds: no patient's photographs on both sides of a split, classes spread as evenly as that allows."""

from __future__ import annotations

import warnings

import numpy as np

from ..types import Int64


def patient_folds(y: Int64, groups: Int64, folds: int, seed: int) -> list[tuple[Int64, Int64]]:
    """(rows to learn from, rows held out) for each fold. y int [N]: classes; groups int [N]: patients.

    There are at most as many folds as the class with the fewest patients has patients, and at least two. Folds whose
    learning part would hold a single class are left out. Raises ValueError where no fold remains.
    """
    patients = [len(np.unique(groups[y == k])) for k in np.unique(y)]
    number = max(2, min(folds, *patients)) if patients else 2
    if len(np.unique(groups)) < number:
        raise ValueError(f"{len(np.unique(groups))} patient(s) cannot be divided into {number} folds")
    from sklearn.model_selection import StratifiedGroupKFold  # a second to import, which only training needs

    splitter = StratifiedGroupKFold(number, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        splits = list(splitter.split(np.zeros(len(y)), y, groups))
    usable = [
        (train_rows, test_rows) for train_rows, test_rows in splits if len(test_rows) and len(np.unique(y[train_rows])) > 1
    ]
    if not usable:
        raise ValueError("each fold would leave a single class to learn from")
    return usable
