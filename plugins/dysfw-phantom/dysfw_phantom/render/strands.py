"""Antialiased drawing of strands (hair, eyebrows, eyelashes) over the shaded image with depth test."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np

from dysfw.plugin import Float32

SLACK = 0.003  # relative depth by which a visible strand may lie behind the surface that it grows from


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
def _blend(out: Float32, y: int, x: int, r: float, g: float, b: float, a: float) -> None:  # noqa: PLR0917 numba
    """Blend a colour with opacity a over one pixel."""
    keep = 1 - a
    out[y, x, 0] = out[y, x, 0] * keep + r * a
    out[y, x, 1] = out[y, x, 1] * keep + g * a
    out[y, x, 2] = out[y, x, 2] * keep + b * a
    out[y, x, 3] = out[y, x, 3] * keep + a


@nb.njit(cache=True)
def draw(  # noqa: PLR0917 numba
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
    height, wide = zbuffer.shape
    for s in range(px.shape[0]):
        for k in range(px.shape[1] - 1):
            x0, y0, x1, y1 = px[s, k, 0], px[s, k, 1], px[s, k + 1, 0], px[s, k + 1, 1]
            n0, n1 = near[s, k], near[s, k + 1]
            steep = abs(y1 - y0) > abs(x1 - x0)  # segments are traversed along their longer axis
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
                centre = y0 + t * (y1 - y0)
                w = width[s, k] + t * (width[s, k + 1] - width[s, k])
                a0 = opacity[s, k] + t * (opacity[s, k + 1] - opacity[s, k])
                if w < 1:  # thinner than a pixel: fainter instead
                    a0, w = a0 * w, 1.0
                reach = (w * 0.5 + 0.5) / lean
                depth = n0 + t * (n1 - n0)
                r = colour[s, k, 0] + t * (colour[s, k + 1, 0] - colour[s, k, 0])
                g = colour[s, k, 1] + t * (colour[s, k + 1, 1] - colour[s, k, 1])
                b = colour[s, k, 2] + t * (colour[s, k + 1, 2] - colour[s, k, 2])
                for minor in range(max(0, int(np.ceil(centre - reach - 0.5))), min(other - 1, int(centre + reach - 0.5)) + 1):
                    cover = min(w * 0.5 + 0.5 - abs(minor + 0.5 - centre) * lean, 1.0) * a0
                    if cover <= 0.004:
                        continue
                    y, x = (major, minor) if steep else (minor, major)
                    if depth > zbuffer[y, x] * (1 - SLACK):
                        _blend(out, y, x, r, g, b, cover)
