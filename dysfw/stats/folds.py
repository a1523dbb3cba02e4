"""Patient-wise, stratified folds for cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..types import Int64

Float64 = npt.NDArray[np.float64]


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
    # All regions of a recipe usually have the same images, so the same folds are asked for several times in a row.
    return list(_folds(np.asarray(y, np.int64).tobytes(), np.asarray(groups, np.int64).tobytes(), folds, seed))


@lru_cache(maxsize=8)
def _folds(y_bytes: bytes, group_bytes: bytes, folds: int, seed: int) -> Sequence[tuple[Int64, Int64]]:
    y, groups = np.frombuffer(y_bytes, np.int64), np.frombuffer(group_bytes, np.int64)
    _, classes, sizes = np.unique(y, return_inverse=True, return_counts=True)
    _, patients = np.unique(groups, return_inverse=True)
    images = np.zeros((int(patients.max(initial=-1)) + 1, len(sizes)))  # of each patient and class
    np.add.at(images, (patients, classes), 1)
    number = max(2, min(folds, *(images > 0).sum(axis=0).tolist())) if len(y) else 2
    if len(images) < number:
        raise ValueError(f"{len(images)} patient(s) cannot be divided into {number} folds")
    if (sizes < number).all():
        raise ValueError(f"no class has the {number} images that {number} folds need")
    fold = _stratified(images, sizes, number, seed)[patients]
    splits = [(np.flatnonzero(fold != n), np.flatnonzero(fold == n)) for n in range(number)]
    usable = [(train, test) for train, test in splits if len(test) and len(np.unique(y[train])) > 1]
    if not usable:
        raise ValueError("the training rows of each fold would hold a single class")
    for rows in (rows for split in usable for rows in split):
        rows.flags.writeable = False  # others get the same arrays
    return usable


def _stratified(images: Float64, sizes: Int64, number: int, seed: int) -> Int64:
    """Assign patients to folds as scikit-learn's ``StratifiedGroupKFold`` does with ``shuffle=True``.

    Patients are taken in random order, those whose images are least evenly distributed over the classes first. Each joins the
    fold after which the classes are distributed most evenly over the folds; of equal folds, the one with the fewest images.
    All folds are tried at once, with the same rounding, which is several times as fast.

    Args:
        images: float64 [P, K], number of images of each patient and class.
        sizes: int64 [K], number of images of each class.
        number: Number of folds.
        seed: Random seed.

    Returns:
        int64 [P], the fold of each patient.
    """
    order = np.arange(len(images))
    np.random.RandomState(seed).shuffle(order)  # the same folds as scikit-learn
    order = order[np.argsort(-images[order].std(axis=1), kind="stable")]
    fold, in_fold, each = np.zeros(len(images), np.int64), np.zeros((number, len(sizes))), np.arange(number)
    for patient in order:
        tried = np.repeat(in_fold[None], number, axis=0)
        tried[each, each] += images[patient]
        unevenness = (tried / sizes).std(axis=1).mean(axis=1).tolist()
        filled = in_fold.sum(axis=1).tolist()
        best = 0
        for n in range(1, number):
            close = abs(unevenness[n] - unevenness[best]) <= 1e-8 + 1e-5 * unevenness[best]
            if unevenness[n] < unevenness[best] or (close and filled[n] < filled[best]):
                best = n
        fold[patient] = best
        in_fold[best] += images[patient]
    return fold
