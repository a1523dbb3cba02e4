"""Triangle rasteriser with a z-buffer that stores the triangle and barycentric coordinates of each pixel."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np

from dysfw.plugin import Bool, Float32
from dysfw_phantom.render.surface import Int32

NOTHING = -1
HALF = np.float32(0.5)


class Buffer(NamedTuple):
    """What each of side × side pixels shows.

    Attributes:
        near: Inverse depth, float32; 0 where the pixel is empty.
        triangle: Index of the triangle, int32; ``NOTHING`` where the pixel is empty.
        second: Barycentric weight of the second corner, float32.
        third: Barycentric weight of the third corner, float32.
    """

    near: Float32
    triangle: Int32
    second: Float32
    third: Float32


@nb.njit(cache=True)
def _fill(points: Float32, near: Float32, triangles: Int32, keep: Bool, buffer: Buffer) -> None:
    """Draw the triangles into the buffer."""
    zbuffer, ids, second, third = buffer
    height, width = zbuffer.shape
    for t in range(len(triangles)):
        if not keep[t]:
            continue
        # unsigned, so that numba does not test whether they count from the end
        i, j, k = np.uintp(triangles[t, 0]), np.uintp(triangles[t, 1]), np.uintp(triangles[t, 2])
        x0, y0 = points[i, 0], points[i, 1]
        ux, uy, wx, wy = points[j, 0] - x0, points[j, 1] - y0, points[k, 0] - x0, points[k, 1] - y0
        area = ux * wy - uy * wx
        if area >= -1e-9:  # seen from behind (y points down in images)
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
                if b < 0 or c < 0:
                    if (b < 0 and bx <= 0) or (c < 0 and cx <= 0):  # and so it stays to the right
                        break
                    continue
                if b + c > 1:
                    continue
                depth = n0 + b * (n1 - n0) + c * (n2 - n0)
                if depth > zbuffer[y, x]:
                    zbuffer[y, x] = depth
                    ids[y, x] = t
                    second[y, x] = b
                    third[y, x] = c


def rasterise(points: Float32, near: Float32, triangles: Int32, keep: Bool, side: int) -> Buffer:
    """Rasterise triangles that face the camera.

    Args:
        points: Projected vertices, float32 [N, 2], px.
        near: Inverse depth of the vertices, float32 [N].
        triangles: Vertex indices, int32 [M, 3].
        keep: Which triangles to draw, bool [M].
        side: Side of the square buffer, px.

    Returns:
        The buffer.
    """
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
    """Determine which points are inside the image and not occluded.

    The farthest surface among the 3 × 3 pixels around a point counts, because a point on the silhouette may fall beside its own
    triangle.

    Args:
        points: Projected points, float32 [N, 2], px.
        near: Inverse depth of the points, float32 [N], 1/dm.
        zbuffer: Inverse depth of the image, float32 [side, side], 1/dm.
        tolerance: Distance in dm by which a point may lie behind the surface.

    Returns:
        bool [N].
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
