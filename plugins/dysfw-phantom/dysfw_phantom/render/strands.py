"""Antialiased drawing of strands (hair, eyebrows, eyelashes) over the shaded image with depth test."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np

from dysfw.plugin import Float32
from dysfw_phantom.render.uncounted import uncounted

SLACK = 0.003  # relative depth by which a visible strand may lie behind the surface that it grows from
FAINT = 0.004  # opacity below which nothing is drawn
TILE = 16  # px: side of the tiles in which hidden segments are recognised


class Strands(NamedTuple):
    """S strands of K points each, drawn in the given order.

    Attributes:
        points: float32 [S, K, 3], dm.
        colour: Linear RGB after lighting, float32 [S, K, 3].
        width: float32 [S, K], dm.
        opacity: float32 [S, K], 0 to 1.
    """

    points: Float32
    colour: Float32
    width: Float32
    opacity: Float32


@nb.njit(inline="always")
def _blend(out: Float32, at: np.uintp, r: float, g: float, b: float, a: float) -> None:  # noqa: PLR0917 numba
    """Blend a colour with opacity a over one pixel."""
    keep = 1 - a
    red, green, blue, alpha = out[at, 0], out[at, 1], out[at, 2], out[at, 3]  # all are read before one is written
    out[at, 0], out[at, 1], out[at, 2] = red * keep + r * a, green * keep + g * a, blue * keep + b * a
    out[at, 3] = alpha * keep + a


@nb.njit(cache=True)
def _farthest(zbuffer: Float32) -> Float32:
    """Return the inverse depth of the farthest pixel of each tile, float32 [rows, columns] of tiles."""
    height, width = zbuffer.shape
    out = np.empty(((height + TILE - 1) // TILE, (width + TILE - 1) // TILE), np.float32)
    for v in range(len(out)):
        row = zbuffer[v * TILE].copy()
        for y in range(v * TILE + 1, min((v + 1) * TILE, height)):
            for x in range(width):
                row[x] = min(row[x], zbuffer[y, x])
        for u in range(out.shape[1]):
            out[v, u] = row[u * TILE : (u + 1) * TILE].min()
    return out


@nb.njit(inline="always")
def _hidden(start: Float32, end: Float32, near: float, width: float, farthest: Float32) -> bool:
    """Return whether a segment lies behind the farthest pixel of each tile that it can touch.

    start, end: float32 [2], px. near: inverse depth of the nearer end. width: of the broader end, px.
    """
    margin = max(width, 1.0) + 2
    left, right = int(min(start[0], end[0]) - margin), int(max(start[0], end[0]) + margin)
    top, bottom = int(min(start[1], end[1]) - margin), int(max(start[1], end[1]) + margin)
    nearest = near * (1 + 1e-6)  # interpolation may round up
    rows, columns = farthest.shape
    for v in range(max(top, 0) // TILE, min(bottom // TILE, rows - 1) + 1):
        for u in range(max(left, 0) // TILE, min(right // TILE, columns - 1) + 1):
            if nearest > farthest[v, u] * (1 - SLACK):
                return False
    return True


@uncounted
def _draw(  # noqa: PLR0917 numba
    px: Float32, near: Float32, width: Float32, colour: Float32, opacity: Float32,
    zbuffer: Float32, out: Float32, farthest: Float32, height: int, wide: int,
) -> None:  # fmt: skip
    """Draw strands into out, float32 [height * wide, 4]; zbuffer: float32 [height * wide]. See ``draw``."""
    for s in range(px.shape[0]):
        for k in range(px.shape[1] - 1):
            x0, y0, x1, y1 = px[s, k, 0], px[s, k, 1], px[s, k + 1, 0], px[s, k + 1, 1]
            steep = abs(y1 - y0) > abs(x1 - x0)  # segments are traversed along their longer axis
            if steep:
                x0, y0, x1, y1 = y0, x0, y1, x1
            limit, other = (height, wide) if steep else (wide, height)
            along, across = (wide, 1) if steep else (1, wide)  # steps in the flat image
            run, rise = x1 - x0, y1 - y0
            n0, n1, w0, w1 = near[s, k], near[s, k + 1], width[s, k], width[s, k + 1]
            if abs(run) < 1e-6 or _hidden(px[s, k], px[s, k + 1], max(n0, n1), max(w0, w1), farthest):
                continue
            slope = rise / run
            lean = 1 / np.sqrt(1 + slope * slope)
            first = max(0, int(np.ceil(min(x0, x1) - 0.5)))
            last = min(limit - 1, int(np.ceil(max(x0, x1) - 0.5)) - 1)
            for major in range(first, last + 1):
                t = (major + 0.5 - x0) / run
                a0 = opacity[s, k] + t * (opacity[s, k + 1] - opacity[s, k])
                if a0 <= FAINT:
                    continue
                centre = y0 + t * rise
                w = w0 + t * (w1 - w0)
                if w < 1:  # thinner than a pixel: fainter instead
                    a0, w = a0 * w, 1.0
                half = w * 0.5 + 0.5
                reach = half / lean
                depth = n0 + t * (n1 - n0)
                r = colour[s, k, 0] + t * (colour[s, k + 1, 0] - colour[s, k, 0])
                g = colour[s, k, 1] + t * (colour[s, k + 1, 1] - colour[s, k, 1])
                b = colour[s, k, 2] + t * (colour[s, k + 1, 2] - colour[s, k, 2])
                for minor in range(max(0, int(np.ceil(centre - reach - 0.5))), min(other - 1, int(centre + reach - 0.5)) + 1):
                    at = np.uintp(major * along + minor * across)  # unsigned: numba does not test whether it is negative
                    if depth > zbuffer[at] * (1 - SLACK):
                        cover = min(half - abs(minor + 0.5 - centre) * lean, 1.0) * a0
                        if cover > FAINT:
                            _blend(out, at, r, g, b, cover)


def draw(  # noqa: PLR0917 as the kernel
    px: Float32, near: Float32, width: Float32, colour: Float32, opacity: Float32, zbuffer: Float32, out: Float32
) -> None:
    """Draw strands into an image. Coverage falls off over one pixel across a strand.

    Args:
        px: Projected points, float32 [S, K, 2], px.
        near: Inverse depth, float32 [S, K].
        width: float32 [S, K], px.
        colour: Linear RGB, float32 [S, K, 3].
        opacity: float32 [S, K], 0 to 1.
        zbuffer: Inverse depth of the image, float32 [side, side].
        out: Premultiplied linear RGBA that is drawn into, float32 [side, side, 4].
    """
    flat = zbuffer.reshape(-1), out.reshape(-1, 4)
    _draw(px, near, width, colour, opacity, *flat, _farthest(zbuffer), *zbuffer.shape)
