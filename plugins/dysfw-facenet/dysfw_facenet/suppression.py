"""Non-maximum suppression: of boxes that overlap, only the one with the highest score is kept."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dysfw.plugin import Bool, Float32, Int64

BLOCK = 512  # boxes that are compared with each other at once, so that memory does not grow with the square of their number
Overlap = Callable[[Float32, Float32], Float32]


def suppress(boxes: Float32, scores: Float32, limit: float, overlap: Overlap) -> Int64:
    """Choose boxes by score; a box is dropped if it overlaps with one that was chosen.

    Args:
        boxes: float32 [B, 4], x0 y0 x1 y1.
        scores: float32 [B].
        limit: Maximum overlap of two chosen boxes.
        overlap: Overlap of each of [A, 4] with each of [B, 4] boxes as float32 [A, B]: ``union_overlap`` or
            ``nested_overlap``.

    Returns:
        Indices of the chosen boxes by descending score. Of equal scores, the first comes first.
    """
    order = np.argsort(-scores, kind="stable")
    chosen = np.empty(0, np.int64)
    for start in range(0, len(order), BLOCK):
        block = order[start : start + BLOCK]
        if len(chosen):
            block = block[~(overlap(boxes[block], boxes[chosen]) > limit).any(axis=1)]
        chosen = np.concatenate([chosen, block[_greedy(overlap(boxes[block], boxes[block]) > limit)]])
    return chosen


def union_overlap(boxes: Float32, others: Float32) -> Float32:
    """Intersection over union of boxes [A, 4] and [B, 4]: float32 [A, B]."""
    shared = _shared(boxes, others)
    union: Float32 = _areas(boxes)[:, None] + _areas(others) - shared
    return shared / union


def nested_overlap(boxes: Float32, others: Float32) -> Float32:
    """Intersection of boxes [A, 4] and [B, 4] relative to the smaller of the two: float32 [A, B]."""
    smaller: Float32 = np.minimum(_areas(boxes)[:, None], _areas(others))
    return _shared(boxes, others) / smaller


def _greedy(conflicts: Bool) -> Int64:
    """Indices of rows that conflict with no earlier chosen row."""
    kept, dropped = [], np.zeros(len(conflicts), bool)
    for index, conflict in enumerate(conflicts):
        if not dropped[index]:
            kept.append(index)
            dropped |= conflict
    return np.array(kept, np.int64)


def _shared(boxes: Float32, others: Float32) -> Float32:
    """Areas of the intersections."""
    width = np.minimum(boxes[:, None, 2], others[:, 2]) - np.maximum(boxes[:, None, 0], others[:, 0])
    height = np.minimum(boxes[:, None, 3], others[:, 3]) - np.maximum(boxes[:, None, 1], others[:, 1])
    area: Float32 = width.clip(min=0) * height.clip(min=0)
    return area


def _areas(boxes: Float32) -> Float32:
    area: Float32 = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return area
