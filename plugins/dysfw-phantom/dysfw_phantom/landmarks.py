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
def _vertex_maps(head: HeadMesh) -> tuple[Mapping[int, int], Int64]:
    """Return the vertex of the head for each vertex of the base mesh, and the mirrored vertex of each vertex, int64 [V]."""
    mirror = np.empty(len(head.vertices), np.int64)  # the neutral head is exactly symmetric
    mirror[np.lexsort(head.vertices.T)] = np.lexsort((head.vertices * np.array([-1, 1, 1], np.float32)).T)
    return {int(number): place for place, number in enumerate(head.source)}, mirror


@cache
def landmark_vertices(head: HeadMesh) -> Mapping[str, tuple[int, ...]]:
    """Return the vertices of each landmark.

    Args:
        head: The head mesh.

    Returns:
        By name, one vertex, or two whose mean is the landmark (the pupils). "_right" and "_left" are the subject's.
    """
    place, mirror = _vertex_maps(head)
    vertices_by_name: dict[str, tuple[int, ...]] = {name: (place[number],) for name, number in _table()["midline"].items()}
    pairs: dict[str, tuple[int, ...]] = {name: (place[number],) for name, number in _table()["paired"].items()}
    pairs["pupil"] = tuple(place[number] for number in _table()["pupil"])
    for name, right in pairs.items():
        vertices_by_name[f"{name}_right"] = right
        vertices_by_name[f"{name}_left"] = tuple(int(mirror[vertex]) for vertex in right)
    return vertices_by_name


@cache
def _outline(head: HeadMesh, name: str) -> Int64:
    """Return the vertices of a closed outline, clockwise for the viewer, starting at the upper midline."""
    place, mirror = _vertex_maps(head)
    right = np.array([place[number] for number in _table()["outlines"][name]])
    return np.concatenate([mirror[right], right[-2:0:-1]])  # without repeating the two ends on the midline


@cache
def _pairs(head: HeadMesh) -> Int64:
    """Return the vertices of each landmark, int64 [L, 2]; a single vertex is repeated."""
    return np.array([(vertices[0], vertices[-1]) for vertices in landmark_vertices(head).values()])


def landmark_points(head: HeadMesh, points: Float32) -> dict[str, Float32]:
    """Compute the landmarks from the vertices.

    Args:
        head: The head mesh.
        points: Vertices in space (dm) or in an image (px), float32 [V, D].

    Returns:
        Landmarks by name, each float32 [D].
    """
    return dict(zip(landmark_vertices(head), points[_pairs(head)].mean(axis=1), strict=True))


def landmark_visible(head: HeadMesh, visible: Bool) -> dict[str, bool]:
    """Determine which landmarks are visible.

    Args:
        head: The head mesh.
        visible: Whether each vertex is visible, bool [V].

    Returns:
        Visibility by name.
    """
    both: Bool = np.asarray(visible[_pairs(head)].all(axis=1))
    return dict(zip(landmark_vertices(head), both.tolist(), strict=True))


def region_outline(head: HeadMesh, name: str, points: Float32) -> Float32:
    """Compute the outline of a region in an image.

    The outline of the whole face is the convex hull of all outlines, because its own vertices lie behind the far cheek in a
    rotated head.

    Args:
        head: The head mesh.
        name: One of ``REGIONS``.
        points: Vertices in the image, float32 [V, 2], px.

    Returns:
        Polygon, float32 [n, 2], px, clockwise for the viewer.

    Raises:
        KeyError: The region is unknown.
    """
    if name != "face":
        return points[_outline(head, name)]
    return _hull(np.concatenate([points[_outline(head, region)] for region in REGIONS]))


def _hull(points: Float32) -> Float32:
    """Compute the convex hull of points [N, 2], clockwise for the viewer (y down).

    Andrew AM. Another efficient algorithm for convex hulls in two dimensions. Inf Process Lett 1979;9:216-219.
    """
    ordered: list[list[float]] = np.unique(points, axis=0).tolist()
    return np.array(_chain(ordered) + _chain(ordered[::-1]), np.float32)


def _chain(points: list[list[float]]) -> list[list[float]]:
    """Return one side of the hull of sorted points, without its last point."""
    kept: list[list[float]] = []
    for x, y in points:
        while len(kept) > 1:
            (x0, y0), (x1, y1) = kept[-2:]
            if (x1 - x0) * (y - y0) > (y1 - y0) * (x - x0):
                break
            kept.pop()
        kept.append([x, y])
    return kept[:-1]
