"""Ambient occlusion by ray casting: the cosine-weighted fraction of the sky that a vertex sees."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@njit(cache=True)
def _distance(o: Floats, d: Floats, a: Floats, e: Floats, f: Floats) -> float:
    """Intersect a ray (o, d) with the triangle (a, a + e, a + f). Returns the distance or -1.

    Möller T, Trumbore B. Fast, minimum storage ray/triangle intersection. J Graph Tools 1997;2:21-28.
    """
    px, py, pz = d[1] * f[2] - d[2] * f[1], d[2] * f[0] - d[0] * f[2], d[0] * f[1] - d[1] * f[0]
    det = e[0] * px + e[1] * py + e[2] * pz
    if abs(det) < 1e-12:
        return -1.0
    sx, sy, sz = o[0] - a[0], o[1] - a[1], o[2] - a[2]
    u = (sx * px + sy * py + sz * pz) / det
    if u < 0 or u > 1:
        return -1.0
    qx, qy, qz = sy * e[2] - sz * e[1], sz * e[0] - sx * e[2], sx * e[1] - sy * e[0]
    v = (d[0] * qx + d[1] * qy + d[2] * qz) / det
    if v < 0 or u + v > 1:
        return -1.0
    return float((f[0] * qx + f[1] * qy + f[2] * qz) / det)


@njit(cache=True)
def _openness(
    places: tuple[Floats, Floats],
    near: tuple[Ints, Ints],
    triangles: tuple[Floats, Floats, Floats],
    rays: Floats,
    reach: float,
) -> NDArray[np.float32]:
    """Return the cosine-weighted fraction of rays from each place that hit no nearby triangle within reach."""
    origins, normals = places
    ids, starts = near
    corner, edge1, edge2 = triangles
    result = np.zeros(len(origins), np.float32)
    for i in range(len(origins)):
        free = total = 0.0
        for r in range(len(rays)):
            weight = rays[r, 0] * normals[i, 0] + rays[r, 1] * normals[i, 1] + rays[r, 2] * normals[i, 2]
            if weight <= 0:
                continue
            total += weight
            free += weight
            for k in range(starts[i], starts[i + 1]):
                t = ids[k]
                if 0 < _distance(origins[i], rays[r], corner[t], edge1[t], edge2[t]) < reach:
                    free -= weight
                    break
        result[i] = free / total
    return result


def sphere(count: int) -> Floats:
    """Distribute directions evenly over the sphere along a golden spiral.

    Args:
        count: Number of directions.

    Returns:
        Unit vectors, float64 [count, 3].
    """
    k = np.arange(count) + 0.5
    z, turn = 1 - 2 * k / count, np.pi * (1 + 5**0.5) * k
    return np.stack([np.cos(turn) * np.sqrt(1 - z * z), np.sin(turn) * np.sqrt(1 - z * z), z], axis=1)


def occlusion(places: Floats, normals: Floats, corners: Floats, rays: int = 200, reach: float = 0.8) -> NDArray[np.float32]:
    """Compute the ambient occlusion of points among triangles.

    Args:
        places: Points, float64 [P, 3], dm.
        normals: Their unit normals, float64 [P, 3].
        corners: Corners of the triangles, float64 [T, 3, 3], dm.
        rays: Number of rays per point.
        reach: Maximum distance at which a triangle occludes, dm.

    Returns:
        float32 [P], from 0 (fully occluded) to 1 (open).
    """
    centres = corners.mean(axis=1)
    radius = np.linalg.norm(corners - centres[:, None], axis=2).max(axis=1)
    near, starts = [], [0]
    for place in places:
        near.append(np.flatnonzero(np.linalg.norm(centres - place, axis=1) < radius + reach))
        starts.append(starts[-1] + len(near[-1]))
    # Rays start slightly above the skin, because they would hit the triangles around their own vertex otherwise.
    origins = places + 0.004 * normals
    edge1, edge2 = (np.ascontiguousarray(corners[:, k] - corners[:, 0]) for k in (1, 2))
    first = np.ascontiguousarray(corners[:, 0])
    openness = _openness(
        (origins, normals), (np.concatenate(near), np.array(starts)), (first, edge1, edge2), sphere(rays), reach
    )
    return np.asarray(openness)
