"""The nearest record of each record, among those of other patients and publications."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from ..stats.bootstrap import Float64
from ..types import Float32, Int64

BLOCK = 4_000_000  # similarities in memory at once, 16 MB
DRAWS = 8  # of each record from those that are equally near
NONE = -1
ROUNDING = 1e-6  # similarities are fractions of small whole numbers


def nearest_records(queries: csr_array, gallery: csr_array, groups: Int64, seed: int) -> Int64:
    """Find the nearest record of each record by the Jaccard index.

    Args:
        queries: Sparse float32 [N, T] of 0 and 1, the terms by which each record searches.
        gallery: Sparse float32 [N, T] of 0 and 1, the terms by which the same records are found.
        groups: int64 [N]; a record is not compared with those of its own group.
        seed: Random seed; decides between records that are equally near.

    Returns:
        int64 [N, DRAWS], rows drawn with replacement from the nearest records; NONE if no record shares a term.
    """
    rng = np.random.default_rng(seed)
    number = len(groups)
    sizes, found_by = (np.asarray(one.sum(axis=1), np.float32).ravel() for one in (queries, gallery))
    transposed = csr_array(gallery.T)
    nearest = np.full((number, DRAWS), NONE, np.int64)
    step = max(1, BLOCK // number)
    for start in range(0, number, step):
        rows = slice(start, min(start + step, number))
        shared = (queries[rows] @ transposed).toarray()
        similarity = shared / np.maximum(sizes[rows, None] + found_by - shared, 1)
        similarity[groups[rows, None] == groups] = 0
        nearest[rows] = _drawn(similarity, rng)
    return nearest


def _drawn(similarity: Float32, rng: np.random.Generator) -> Int64:
    """Draw from the columns with the highest similarity of each row; int64 [n, DRAWS]. similarity: float32 [n, N]."""
    best = similarity.max(axis=1, keepdims=True)
    row, column = np.nonzero((similarity >= best - ROUNDING) & (best > 0))
    tied = np.bincount(row, minlength=len(similarity))
    drawn = np.full((len(similarity), DRAWS), NONE, np.int64)
    known = tied > 0
    starts = np.cumsum(tied) - tied
    places = starts[known, None] + (rng.random((int(known.sum()), DRAWS)) * tied[known, None]).astype(np.int64)
    drawn[known] = column[places]
    return drawn


def named(nearest: Int64, y: Int64) -> Float64:
    """Compute how often the nearest record names the condition.

    Args:
        nearest: int64 [N, DRAWS], see ``nearest_records``.
        y: int64 [N], class of each record.

    Returns:
        float64 [N], the share of the draws with the record's own class; 0 if no record shares a term.
    """
    return np.asarray(((y[nearest] == y[:, None]) & (nearest != NONE)).mean(axis=1))
