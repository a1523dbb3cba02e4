"""Anatomical landmarks and region outlines of a phantom, as vertices of the head mesh."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml

from dysfw.plugin import ANATOMY, Bool, Float32, Int64

from .mesh import HeadMesh

REGIONS = ANATOMY


@cache
def _table() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load((files(__package__) / "landmarks.yaml").read_text(encoding="utf-8"))
    return loaded


@cache
def _right_and_left(head: HeadMesh) -> tuple[Mapping[int, int], Int64]:
    """From a vertex of the base mesh to that of the head, and for each vertex of the head [V] its mirror image."""
    mirror = np.empty(len(head.vertices), np.int64)  # the neutral head is symmetric to the bit
    mirror[np.lexsort(head.vertices.T)] = np.lexsort((head.vertices * np.array([-1, 1, 1], np.float32)).T)
    return {int(number): place for place, number in enumerate(head.source)}, mirror


@cache
def landmark_vertices(head: HeadMesh) -> Mapping[str, tuple[int, ...]]:
    """Landmark name -> the vertex, or the two whose mean it is (the pupils). "_right", "_left": of the subject."""
    place, mirror = _right_and_left(head)
    found: dict[str, tuple[int, ...]] = {name: (place[number],) for name, number in _table()["midline"].items()}
    pairs: dict[str, tuple[int, ...]] = {name: (place[number],) for name, number in _table()["paired"].items()}
    pairs["pupil"] = tuple(place[number] for number in _table()["pupil"])
    for name, right in pairs.items():
        found[f"{name}_right"] = right
        found[f"{name}_left"] = tuple(int(mirror[vertex]) for vertex in right)
    return found


@cache
def _outline(head: HeadMesh, name: str) -> Int64:
    """Vertices of a closed outline, clockwise for the viewer from the upper midline (the subject's left first)."""
    place, mirror = _right_and_left(head)
    right = np.array([place[number] for number in _table()["outlines"][name]])
    return np.concatenate([mirror[right], right[-2:0:-1]])  # the midline's two ends only once


@cache
def _pairs(head: HeadMesh) -> Int64:
    """The vertices of each landmark, int64 [L,2]; a single one stands twice."""
    return np.array([(vertices[0], vertices[-1]) for vertices in landmark_vertices(head).values()])


def landmark_points(head: HeadMesh, points: Float32) -> dict[str, Float32]:
    """Landmarks by name, each float32 [D]. points: float32 [V,D], where each vertex is in space (dm) or in a picture (px)."""
    return dict(zip(landmark_vertices(head), points[_pairs(head)].mean(axis=1), strict=True))


def landmark_visible(head: HeadMesh, visible: Bool) -> dict[str, bool]:
    """Whether each landmark shows. visible: bool [V], of each vertex."""
    return dict(zip(landmark_vertices(head), visible[_pairs(head)].all(axis=1).tolist(), strict=True))


def region_outline(head: HeadMesh, name: str, points: Float32) -> Float32:
    """The outline of one of REGIONS in a picture, float32 [n,2] px, clockwise for the viewer.

    points: float32 [V,2] px. The whole face is the convex hull of all outlines: in a turned head its own lies behind the far
    cheek and would cut it off. Raises KeyError for another name.
    """
    if name != "face":
        return points[_outline(head, name)]
    return _hull(np.concatenate([points[_outline(head, region)] for region in REGIONS]))


def _hull(points: Float32) -> Float32:
    """The convex hull of points [N,2], clockwise for the viewer (y down), by Andrew's monotone chain (1979)."""
    ordered: list[list[float]] = np.unique(points, axis=0).tolist()
    return np.array(_chain(ordered) + _chain(ordered[::-1]), np.float32)


def _chain(points: list[list[float]]) -> list[list[float]]:
    """One side of the hull of points in order, without its last point."""
    kept: list[list[float]] = []
    for x, y in points:
        while len(kept) > 1:
            (x0, y0), (x1, y1) = kept[-2:]
            if (x1 - x0) * (y - y0) > (y1 - y0) * (x - x0):
                break
            kept.pop()
        kept.append([x, y])
    return kept[:-1]
