"""Whether a region can be judged in a photograph: it must lie inside the image and face the camera."""

from __future__ import annotations

import numpy as np

from .regions import Float64

# Of a region's area. A brow or an ear-side cheek may be cut off; with more missing, a crop shows mostly mirrored pixels.
MAX_OUTSIDE = 0.3
# Cosine between the region's mean normal and the camera, 66 degrees. Chins recede: a small one in a slight nod measures 0.44
# and is still seen, in a nod of 40 degrees it measures 0.35 or less and is gone.
MIN_FACING = 0.4


def why_absent(polygon: Float64, surface: Float64, width: int, height: int) -> str | None:
    """The reason for which a region cannot be judged, None where it can.

    polygon: float64 [V, 2], its outline in the image, px. surface: float64 [V, 3], the same outline on the mesh, clockwise
    for the camera (x right, y down, z away). width, height: of the image, px.
    """
    if outside(polygon, width, height) > MAX_OUTSIDE:
        return "out of the image"
    if facing(surface) < MIN_FACING:
        return "turned away"
    return None


def outside(polygon: Float64, width: int, height: int) -> float:
    """The fraction of a polygon's area beyond the image, 0..1."""
    inside = polygon
    for axis, sign, limit in ((0, 1, 0), (1, 1, 0), (0, -1, -width), (1, -1, -height)):
        inside = _clip(inside, sign * inside[:, axis] - limit)
        if len(inside) < 3:
            return 1.0
    return float(1 - _area(inside) / _area(polygon))


def facing(surface: Float64) -> float:
    """Cosine of the angle between the mean normal of the surface inside an outline and the direction to the camera, -1..1.

    The mean normal is that of the outline's vector area, which is the same for every surface that it bounds.
    """
    vector = np.cross(surface, np.roll(surface, -1, axis=0)).sum(axis=0)
    return float(vector[2] / np.linalg.norm(vector))


def _clip(polygon: Float64, distance: Float64) -> Float64:
    """The part of a polygon where ``distance``, given for its vertices, is not negative (Sutherland and Hodgman 1974)."""
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
