"""Clothes: neckline and colour."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dysfw.plugin import Float32
from dysfw_phantom.render.columns import THETA
from dysfw_phantom.render.noise import SIDE
from dysfw_phantom.render.uncounted import inlined

NECKLINES = ("crew", "scoop", "v", "collar", "high")


class ClothParameters(NamedTuple):
    """Properties of the clothes for the shading kernel.

    Attributes:
        colour: Linear RGB, float32 [3].
        second: Linear RGB of the stripes, float32 [3].
        shape: Index into ``NECKLINES``.
        height: Upward shift of the neckline, dm.
        trim: Width of the band at the neckline, dm.
        stripes: Stripes per dm; 0 is none.
        weave: Strength of the fabric texture.
    """

    colour: Float32
    second: Float32
    shape: int
    height: float
    trim: float
    stripes: float
    weave: float


@inlined
def neckline(x: float, y: float, z: float, cloth: ClothParameters) -> float:
    """Compute how far a point lies below the neckline.

    Args:
        x: Rest coordinate to the subject's left, dm.
        y: Rest coordinate upwards, dm.
        z: Rest coordinate towards the viewer, dm.
        cloth: Properties of the clothes.

    Returns:
        Distance in dm; negative values are skin.
    """
    side = abs(x)
    back = min(max((-0.75 - z) / 0.5, 0.0), 1.0)  # the neckline climbs towards the nape
    if cloth.shape == 1:
        base = -1.72 + 0.55 * min(side / 0.75, 1.0) ** 2
    elif cloth.shape == 2:
        base = -1.86 + 0.95 * min(side / 0.85, 1.0)
    elif cloth.shape == 3:
        base = -1.40 + 0.34 * min(side / 0.55, 1.0) - 0.30 * max(1 - side / 0.16, 0.0)
    elif cloth.shape == 4:
        base = -1.24 + 0.06 * min(side / 0.5, 1.0)
    else:
        base = -1.43 + 0.22 * min(side / 0.65, 1.0) ** 2
    return base + 0.30 * back + cloth.height - y


@inlined
def cloth_colour(q: Float32, edge: float, cloth: ClothParameters, weave: Float32) -> tuple[float, float, float, float, float]:
    """Compute the colour and relief of the clothes at one point.

    Args:
        q: Interpolated attributes; see ``columns``.
        edge: Distance below the neckline, dm.
        cloth: Properties of the clothes.
        weave: Texture of the fabric, float32 [SIDE, SIDE].

    Returns:
        Linear red, green and blue, and the tilt of the normal to the left and up.
    """
    x, y, theta = q[0], q[1], q[THETA]
    mask = SIDE - 1
    u, v = int(np.floor(x * 230)), int(np.floor(y * 230))
    along, across = weave[v & mask, u & mask], weave[u & mask, (v + 77) & mask]
    texture = 1 + cloth.weave * (0.022 * along + 0.022 * across)
    r, g, b = cloth.colour[0], cloth.colour[1], cloth.colour[2]
    tilt_x, tilt_y = 0.008 * along, 0.008 * across
    if cloth.stripes > 0 and (y * cloth.stripes) % 1.0 < 0.35:
        r, g, b = cloth.second[0], cloth.second[1], cloth.second[2]
    if edge < cloth.trim:
        ribs = 1 + 0.06 * np.sin(theta * 150)
        t = edge / cloth.trim
        r, g, b = r * 0.93 * ribs, g * 0.93 * ribs, b * 0.93 * ribs
        tilt_y += 0.55 * (0.5 - t)  # the band is a rounded roll
    elif edge < cloth.trim + 0.02:
        texture *= 0.72  # the seam
    else:
        folds = np.sin(2.6 * x + 5.5 * y + 0.9 * np.sin(4 * x)) + 0.6 * np.sin(7 * x - 3.1 * y + np.sin(5 * y))
        tilt_x += 0.10 * np.cos(2.6 * x + 5.5 * y) + 0.04 * folds
        tilt_y += 0.12 * folds
    return r * texture, g * texture, b * texture, tilt_x, tilt_y
