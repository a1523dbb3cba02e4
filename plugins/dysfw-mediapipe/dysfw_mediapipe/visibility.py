"""Checks whether a region is visible: inside the image and facing the camera."""

from __future__ import annotations

import numpy as np

from .regions import Float64

# Fraction of a region's area. If more is outside, the crop consists mostly of mirrored pixels.
MAX_OUTSIDE = 0.3
# Cosine of the angle between the region's mean normal and the camera, 66 degrees. A small chin in a slightly lowered head has
# 0.44 and is still visible; at a pitch of 40 degrees it has 0.35 or less and is hidden.
MIN_FACING = 0.4


def absence_reason(polygon: Float64, surface: Float64, width: int, height: int) -> str | None:
    """The reason why a region is not visible, None if it is.

    Args:
        polygon: Outline in the image, float64 [V, 2], px.
        surface: The same outline on the mesh, float64 [V, 3], clockwise for the camera (x right, y down, z away).
        width: Width of the image, px.
        height: Height of the image, px.
    """
    if outside_fraction(polygon, width, height) > MAX_OUTSIDE:
        return "out of the image"
    if facing(surface) < MIN_FACING:
        return "turned away"
    return None


def outside_fraction(polygon: Float64, width: int, height: int) -> float:
    """Fraction of a polygon's area outside the image, 0..1."""
    if (polygon >= 0).all() and (polygon <= (width, height)).all():
        return 0.0
    inside = polygon
    for axis, sign, limit in ((0, 1, 0), (1, 1, 0), (0, -1, -width), (1, -1, -height)):
        inside = _clip(inside, sign * inside[:, axis] - limit)
        if len(inside) < 3:
            return 1.0
    return float(1 - _area(inside) / _area(polygon))


def facing(surface: Float64) -> float:
    """Cosine of the angle between a surface's mean normal and the direction to the camera, -1..1.

    The mean normal is that of the outline's vector area, which is the same for all surfaces with this outline.

    Args:
        surface: Outline of the surface, float64 [V, 3].
    """
    products = surface.T @ np.roll(surface, -1, axis=0)  # sums of x·y', x·z' …, whose differences are those of cross products
    vector = [products[i - 2, i - 1] - products[i - 1, i - 2] for i in range(3)]
    return float(vector[2] / np.linalg.norm(vector))


def _clip(polygon: Float64, distance: Float64) -> Float64:
    """Clip a polygon to the part where ``distance`` of its vertices is not negative (Sutherland and Hodgman 1974)."""
    kept: list[Float64] = []
    for i in range(len(polygon)):
        here, before = distance[i], distance[i - 1]
        if (here >= 0) != (before >= 0):
            kept.append(polygon[i - 1] + (polygon[i] - polygon[i - 1]) * before / (before - here))
        if here >= 0:
            kept.append(polygon[i])
    return np.array(kept).reshape(-1, 2)


def _area(polygon: Float64) -> float:
    x, y = polygon.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
