"""Fine lines (hair, brows, lashes) drawn with soft edges over the shaded picture, hidden by what is nearer."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np

from dysfw.plugin import Float32

SLACK = 0.003  # of the distance: how much farther than the surface a strand may lie and still be seen, as it grows out of it


class Strands(NamedTuple):
    """S strands of K points. points: float32 [S, K, 3], dm; colour: float32 [S, K, 3], linear, already lit; width: float32
    [S, K], dm; opacity: float32 [S, K], 0..1. They are drawn in the order given."""

    points: Float32
    colour: Float32
    width: Float32
    opacity: Float32


@nb.njit(inline="always")
def _blend(out: Float32, y: int, x: int, r: float, g: float, b: float, a: float) -> None:  # noqa: PLR0917 numba
    keep = 1 - a
    out[y, x, 0] = out[y, x, 0] * keep + r * a
    out[y, x, 1] = out[y, x, 1] * keep + g * a
    out[y, x, 2] = out[y, x, 2] * keep + b * a
    out[y, x, 3] = out[y, x, 3] * keep + a


@nb.njit(cache=True)
def draw(  # noqa: PLR0917 numba passes by position
    px: Float32, near: Float32, width: Float32, colour: Float32, opacity: Float32, zbuffer: Float32, out: Float32
) -> None:
    """px float32 [S, K, 2], near [S, K], width [S, K] px -> blended into ``out`` float32 [side, side, 4], premultiplied.

    Each segment is walked along its longer axis; across it, coverage falls off over one pixel.
    """
    height, wide = zbuffer.shape
    for s in range(px.shape[0]):
        for k in range(px.shape[1] - 1):
            x0, y0, x1, y1 = px[s, k, 0], px[s, k, 1], px[s, k + 1, 0], px[s, k + 1, 1]
            n0, n1 = near[s, k], near[s, k + 1]
            steep = abs(y1 - y0) > abs(x1 - x0)
            if steep:
                x0, y0, x1, y1 = y0, x0, y1, x1
            limit, other = (height, wide) if steep else (wide, height)
            run = x1 - x0
            if abs(run) < 1e-6:
                continue
            slope = (y1 - y0) / run
            lean = 1 / np.sqrt(1 + slope * slope)
            first = max(0, int(np.ceil(min(x0, x1) - 0.5)))
            last = min(limit - 1, int(np.ceil(max(x0, x1) - 0.5)) - 1)
            for major in range(first, last + 1):
                t = (major + 0.5 - x0) / run
                middle = y0 + t * (y1 - y0)
                w = width[s, k] + t * (width[s, k + 1] - width[s, k])
                a0 = opacity[s, k] + t * (opacity[s, k + 1] - opacity[s, k])
                if w < 1:  # thinner than a pixel: fainter instead
                    a0, w = a0 * w, 1.0
                reach = (w * 0.5 + 0.5) / lean
                depth = n0 + t * (n1 - n0)
                r = colour[s, k, 0] + t * (colour[s, k + 1, 0] - colour[s, k, 0])
                g = colour[s, k, 1] + t * (colour[s, k + 1, 1] - colour[s, k, 1])
                b = colour[s, k, 2] + t * (colour[s, k + 1, 2] - colour[s, k, 2])
                for minor in range(max(0, int(np.ceil(middle - reach - 0.5))), min(other - 1, int(middle + reach - 0.5)) + 1):
                    cover = min(w * 0.5 + 0.5 - abs(minor + 0.5 - middle) * lean, 1.0) * a0
                    if cover <= 0.004:
                        continue
                    y, x = (major, minor) if steep else (minor, major)
                    if depth > zbuffer[y, x] * (1 - SLACK):
                        _blend(out, y, x, r, g, b, cover)
