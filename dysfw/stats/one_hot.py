"""Sparse one-hot labels: sums over the images of each class cost the same for any number of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..types import Bool, Int64

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def one_hot(y: Int64, classes: int, rows: Bool | None = None, dtype: npt.DTypeLike = np.float64) -> csr_array:
    """Mark the images of each class.

    Args:
        y: int64 [N] in 0..K-1, the classes.
        classes: Number of classes, K.
        rows: bool [N], the images to mark; None marks all.
        dtype: Of the result.

    Returns:
        Sparse [K, N]: 1 in the row of each image's class. Times a matrix [N, B], it sums over the images of each class.
    """
    from scipy.sparse import csr_array  # slow to import; predictions do not need it

    columns = np.argsort(y, kind="stable")
    if rows is not None:
        columns = columns[rows[columns]]
    starts = np.searchsorted(y[columns], np.arange(classes + 1))
    return csr_array((np.ones(len(columns), dtype), columns, starts), shape=(classes, len(y)))
