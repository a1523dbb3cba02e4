"""Non-maximum suppression keeps the boxes that a plain implementation keeps, in the same order."""

from __future__ import annotations

import numpy as np
import pytest
from dysfw_facenet import suppression
from dysfw_facenet.suppression import nested_overlap, suppress, union_overlap


def overlap(a: np.ndarray, b: np.ndarray, *, nested: bool) -> float:
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    shared = float(np.clip(sides, 0, None).prod())
    areas = [float((box[2:] - box[:2]).prod()) for box in (a, b)]
    return shared / (min(areas) if nested else sum(areas) - shared)


def plain(boxes: np.ndarray, scores: np.ndarray, limit: float, *, nested: bool) -> list[int]:
    left, kept = sorted(range(len(boxes)), key=lambda i: (-scores[i], i)), []
    while left:
        kept.append(left.pop(0))
        left = [i for i in left if overlap(boxes[kept[-1]], boxes[i], nested=nested) <= limit]
    return kept


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(("count", "block"), [(0, 512), (1, 512), (200, 512), (200, 16)])
def test_the_same_boxes_are_kept(monkeypatch: pytest.MonkeyPatch, nested: bool, count: int, block: int) -> None:
    monkeypatch.setattr(suppression, "BLOCK", block)
    rng = np.random.default_rng(count)
    low = rng.uniform(0, 60, (count, 2))
    boxes = np.concatenate([low, low + rng.uniform(5, 40, (count, 2))], axis=1).astype(np.float32)
    scores = rng.integers(0, 50, count).astype(np.float32) / 50  # with ties
    kept = suppress(boxes, scores, 0.4, nested_overlap if nested else union_overlap)
    assert kept.tolist() == plain(boxes.astype(np.float64), scores, 0.4, nested=nested)
    assert count < 2 or 1 < len(kept) < count
