"""Which images or patients an audit uses, if the data have more than it needs."""

from __future__ import annotations

import numpy as np

from ..types import Int64


def draw_patients(y: Int64, groups: Int64, limit: int, seed: int) -> Int64:
    """Draw patients at random until they have ``limit`` images; return their rows in random order.

    If the data have more images, a patient of each condition is drawn first, so that every condition is audited. Labels may
    still be permuted between the drawn patients: the choice depends on labels, but not on features.

    Args:
        y: int64 [N], class of each image.
        groups: int64 [N], patient of each image, from 0.
        limit: Number of images that are not exceeded.
        seed: Random seed.

    Returns:
        int64, rows in random order.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(np.unique(groups)))
    images = np.bincount(groups)
    if len(groups) > limit:
        rank = np.argsort(order)  # of each patient
        by_rank = np.argsort(rank[groups], kind="stable")
        _, first = np.unique(y[by_rank], return_index=True)
        order = np.concatenate([firsts := np.unique(groups[by_rank[first]]), order[~np.isin(order, firsts)]])
    kept = order[np.cumsum(images[order]) <= limit]
    return rng.permutation(np.flatnonzero(np.isin(groups, kept)))
