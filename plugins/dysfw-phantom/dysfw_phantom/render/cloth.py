"""Clothes: where they begin on the body, and their colour."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np

from dysfw.plugin import Float32
from dysfw_phantom.render.columns import THETA
from dysfw_phantom.render.noise import SIDE

NECKLINES = ("crew", "scoop", "v", "collar", "high")


class ClothLook(NamedTuple):
    """colour: linear; second: of the stripes; shape: index in NECKLINES; height: how far the neckline is shifted up, dm; trim:
    width of the seam's band, dm; stripes: per dm, 0 for none; weave: strength of the fabric's texture."""

    colour: Float32
    second: Float32
    shape: int
    height: float
    trim: float
    stripes: float
    weave: float


@nb.njit(inline="always")
def neckline(x: float, y: float, z: float, look: ClothLook) -> float:
    """How far below its neckline a point of the resting body lies, dm; negative is skin."""
    side = abs(x)
    back = min(max((-0.75 - z) / 0.5, 0.0), 1.0)  # the neckline climbs towards the nape
    if look.shape == 1:
        base = -1.72 + 0.55 * min(side / 0.75, 1.0) ** 2
    elif look.shape == 2:
        base = -1.86 + 0.95 * min(side / 0.85, 1.0)
    elif look.shape == 3:
        base = -1.40 + 0.34 * min(side / 0.55, 1.0) - 0.30 * max(1 - side / 0.16, 0.0)
    elif look.shape == 4:
        base = -1.24 + 0.06 * min(side / 0.5, 1.0)
    else:
        base = -1.43 + 0.22 * min(side / 0.65, 1.0) ** 2
    return base + 0.30 * back + look.height - y


@nb.njit(inline="always")
def cloth_colour(q: Float32, edge: float, look: ClothLook, weave: Float32) -> tuple[float, float, float, float, float]:
    """Linear red, green, blue, and the tilt of the normal, left and up. q: see ``columns``."""
    x, y, theta = q[0], q[1], q[THETA]
    mask = SIDE - 1
    u, v = int(np.floor(x * 230)), int(np.floor(y * 230))
    along, across = weave[v & mask, u & mask], weave[u & mask, (v + 77) & mask]
    texture = 1 + look.weave * (0.022 * along + 0.022 * across)
    r, g, b = look.colour[0], look.colour[1], look.colour[2]
    tilt_x, tilt_y = 0.008 * along, 0.008 * across
    if look.stripes > 0 and (y * look.stripes) % 1.0 < 0.35:
        r, g, b = look.second[0], look.second[1], look.second[2]
    if edge < look.trim:
        ribs = 1 + 0.06 * np.sin(theta * 150)
        t = edge / look.trim
        r, g, b = r * 0.93 * ribs, g * 0.93 * ribs, b * 0.93 * ribs
        tilt_y += 0.55 * (0.5 - t)  # the band is a rounded roll
    elif edge < look.trim + 0.02:
        texture *= 0.72  # the seam
    else:
        folds = np.sin(2.6 * x + 5.5 * y + 0.9 * np.sin(4 * x)) + 0.6 * np.sin(7 * x - 3.1 * y + np.sin(5 * y))
        tilt_x += 0.10 * np.cos(2.6 * x + 5.5 * y) + 0.04 * folds
        tilt_y += 0.12 * folds
    return r * texture, g * texture, b * texture, tilt_x, tilt_y
