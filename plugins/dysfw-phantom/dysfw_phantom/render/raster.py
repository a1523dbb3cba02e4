"""Triangles to pixels: a z-buffer that remembers, for each pixel, the triangle and the place on it."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np

from dysfw.plugin import Bool, Float32
from dysfw_phantom.render.surface import Int32

NOTHING = -1
HALF = np.float32(0.5)


class Buffer(NamedTuple):
    """What each of side x side pixels shows. near: float32, 1 / distance to the camera (0 where nothing is);
    triangle: int32, -1 where nothing is; second, third: float32, barycentric weights of the triangle's corners."""

    near: Float32
    triangle: Int32
    second: Float32
    third: Float32


@nb.njit(cache=True)
def _fill(points: Float32, near: Float32, triangles: Int32, keep: Bool, buffer: Buffer) -> None:
    zbuffer, ids, second, third = buffer
    height, width = zbuffer.shape
    for t in range(len(triangles)):
        if not keep[t]:
            continue
        i, j, k = triangles[t]
        x0, y0 = points[i, 0], points[i, 1]
        ux, uy, wx, wy = points[j, 0] - x0, points[j, 1] - y0, points[k, 0] - x0, points[k, 1] - y0
        area = ux * wy - uy * wx
        if area >= -1e-9:  # seen from behind (y runs down in a picture)
            continue
        left = max(0, int(np.ceil(min(x0, x0 + ux, x0 + wx) - 0.5)))
        right = min(width - 1, int(np.floor(max(x0, x0 + ux, x0 + wx) - 0.5)))
        top = max(0, int(np.ceil(min(y0, y0 + uy, y0 + wy) - 0.5)))
        bottom = min(height - 1, int(np.floor(max(y0, y0 + uy, y0 + wy) - 0.5)))
        if left > right or top > bottom:
            continue
        inverse = np.float32(1) / area
        n0, n1, n2 = near[i], near[j], near[k]
        bx, by, cx, cy = wy * inverse, -wx * inverse, -uy * inverse, ux * inverse
        for y in range(top, bottom + 1):
            py = np.float32(y) + HALF - y0
            for x in range(left, right + 1):
                px = np.float32(x) + HALF - x0
                b = px * bx + py * by
                c = px * cx + py * cy
                if b < 0 or c < 0 or b + c > 1:
                    continue
                depth = n0 + b * (n1 - n0) + c * (n2 - n0)
                if depth > zbuffer[y, x]:
                    zbuffer[y, x] = depth
                    ids[y, x] = t
                    second[y, x] = b
                    third[y, x] = c


def rasterise(points: Float32, near: Float32, triangles: Int32, keep: Bool, side: int) -> Buffer:
    """points: float32 [N, 2] px, near: float32 [N], triangles: int32 [M, 3], keep: bool [M], those to draw."""
    buffer = Buffer(
        np.zeros((side, side), np.float32),
        np.full((side, side), NOTHING, np.int32),
        np.zeros((side, side), np.float32),
        np.zeros((side, side), np.float32),
    )
    _fill(points, near, triangles, keep, buffer)
    return buffer


@nb.njit(cache=True)
def visible(points: Float32, near: Float32, zbuffer: Float32, tolerance: float) -> Bool:
    """bool [N]: points inside the picture with nothing nearer in front of them.

    near: 1 / dm, as in the buffer; tolerance: dm behind the surface that still count as the surface itself. The best of the
    3 x 3 pixels around counts: a point on the silhouette may fall beside its own triangle.
    """
    height, width = zbuffer.shape
    out = np.zeros(len(points), np.bool_)
    for i in range(len(points)):
        x, y = int(np.floor(points[i, 0])), int(np.floor(points[i, 1]))
        if x < 0 or y < 0 or x >= width or y >= height:
            continue
        farthest = np.inf
        for v in range(max(0, y - 1), min(height, y + 2)):
            for u in range(max(0, x - 1), min(width, x + 2)):
                farthest = min(farthest, zbuffer[v, u])
        out[i] = near[i] * (1 + tolerance * farthest) >= farthest
    return out
