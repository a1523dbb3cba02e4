"""The colour and relief of skin and lips at one point: what depends on the patient and the place, before light falls on it.

Places are coordinates of the neutral head (dm), so that a freckle or a line stays where it is whatever the shape.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np

from dysfw.plugin import Float32
from dysfw_phantom.render.columns import FLUSH, LIP, THETA
from dysfw_phantom.render.noise import SIDE, SkinNoise

# sRGB of skin from the least to the most melanin, chosen by eye over the range of human skin.
TONES = np.array(
    [
        (243, 211, 197),
        (235, 191, 171),
        (220, 170, 145),
        (199, 146, 116),
        (172, 120, 86),
        (139, 92, 64),
        (106, 68, 47),
        (78, 50, 36),
    ],
    np.float64,
)


def to_linear(srgb: Float32) -> Float32:
    """sRGB 0..1 -> linear 0..1 (IEC 61966-2-1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(np.float32)


class SkinLook(NamedTuple):
    """What the kernel needs of one patient's skin. Colours are linear, 0..1; amounts 0..1 unless said."""

    albedo: Float32
    lip: Float32
    hair: Float32
    scalp: float
    flush: float
    freckles: float
    stubble: float
    philtrum: float  # depth of the groove; 1 is average, 0 smooth
    lines: float  # of age
    oil: float
    texture: float
    u: int
    v: int


def tone(melanin: float, redness: float, yellowness: float) -> Float32:
    """Linear float32 [3]. melanin 0..1; redness and yellowness are small shifts about 0."""
    place = np.clip(melanin, 0, 1) * (len(TONES) - 1)
    table = to_linear((TONES / 255).astype(np.float32))
    colour = np.array([np.interp(place, np.arange(len(TONES)), table[:, c]) for c in range(3)])
    shift = np.array([1 + 0.10 * redness, 1 - 0.10 * redness, 1 - 0.06 * redness - 0.12 * yellowness])
    return np.asarray(colour * shift, dtype=np.float32)


@nb.njit(inline="always")
def ramp(low: float, high: float, x: float) -> float:
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


@nb.njit(inline="always")
def bump(x: float, centre: float, width: float) -> float:
    d = (x - centre) / width
    return float(np.exp(-d * d))


@nb.njit(inline="always")
def relief(x: float, y: float, look: SkinLook) -> tuple[float, float]:
    """How far the normal tilts to the left and upwards where skin is folded: philtrum, and lines of age."""
    tilt_x, tilt_y = 0.0, 0.0
    side = abs(x)
    sign = 1.0 if x >= 0 else -1.0
    if side < 0.16 and -0.60 < y < -0.42:
        rows = ramp(-0.585, -0.545, y) * ramp(-0.44, -0.48, y)
        spread = 0.042 + 0.010 * (-0.46 - y) / 0.1
        groove = 2 * x / 0.030**2 * bump(x, 0.0, 0.030)
        ridge = -2 * (side - spread) / 0.016**2 * bump(side, spread, 0.016) * sign * 0.35
        tilt_x -= look.philtrum * rows * 0.012 * (groove + ridge)
    if look.lines > 0.02:
        if 0.12 < side < 0.50 and -0.80 < y < -0.20:  # nasolabial fold
            t = (-0.28 - y) / 0.36
            centre = 0.175 + 0.145 * t
            d = (side - centre) / 0.022
            fade = ramp(-0.1, 0.25, t) * ramp(1.15, 0.7, t)
            tilt_x += sign * look.lines * 0.75 * fade * d * np.exp(-d * d)
        if side < 0.55 and 0.42 < y < 0.85:  # forehead lines
            fade = ramp(0.55, 0.25, side) * ramp(0.42, 0.50, y) * ramp(0.85, 0.72, y)
            wave = y + 0.018 * np.cos(9 * x) + 0.012 * np.sin(21 * x)
            tilt_y += look.lines * 0.30 * fade * np.sin(wave * 62)
        if 0.46 < side < 0.72 and -0.12 < y < 0.16:  # crow's feet
            fan = np.arctan2(y - 0.02, side - 0.40)
            tilt_y += look.lines * 0.28 * ramp(0.46, 0.54, side) * ramp(0.72, 0.62, side) * np.sin(fan * 24)
        if 0.14 < side < 0.48 and -0.30 < y < -0.08:  # bags under the eyes
            centre = -0.155 - 0.03 * np.cos((side - 0.31) * 9)
            d = (y - centre) / 0.020
            tilt_y -= look.lines * 0.45 * ramp(0.48, 0.40, side) * ramp(0.14, 0.22, side) * d * np.exp(-d * d)
    return tilt_x, tilt_y


@nb.njit(inline="always")
def skin_colour(q: Float32, look: SkinLook, noise: SkinNoise) -> tuple[float, float, float, float, float, float]:
    """Linear red, green, blue; the tilt of the normal by pores, left and up; and how much of the point is lip.

    q: see ``columns``.
    """
    x, y, theta, lip, flush = q[0], q[1], q[THETA], q[LIP], q[FLUSH]
    mask = SIDE - 1
    u = int(np.floor(theta * 330)) + look.u
    v = int(np.floor(y * 420)) + look.v
    i, j = v & mask, u & mask
    pores, spots, px, py = noise.fine[i, j, 0], noise.fine[i, j, 1], noise.fine[i, j, 2], noise.fine[i, j, 3]
    blotches = noise.coarse[(v >> 3) & (mask >> 2), (u >> 3) & (mask >> 2)]
    tone = 1 + look.texture * (0.016 * pores + 0.014 * spots + 0.022 * blotches)
    red = look.flush * (flush + 0.10 * blotches)
    r, g, b = look.albedo[0] * tone, look.albedo[1] * tone * (1 - 0.26 * red), look.albedo[2] * tone * (1 - 0.22 * red)
    if look.freckles > 0:
        place = flush + 0.25 * ramp(-0.5, 0.1, y) * ramp(0.9, 0.5, abs(theta))
        f = look.freckles * ramp(0.9, 1.9, spots) * min(1.0, 1.4 * place)
        r, g, b = r * (1 - 0.30 * f), g * (1 - 0.48 * f), b * (1 - 0.55 * f)
    if look.stubble > 0 and y < -0.30:
        moustache = ramp(-0.40, -0.46, y) * ramp(0.34, 0.22, abs(x))
        jaw = ramp(-0.50, -0.72, y + 0.35 * abs(x) - 0.30 * ramp(0.55, 1.0, abs(theta)) * 1.0)
        beard = max(moustache, jaw) * ramp(-1.28, -1.05, y) * ramp(1.45, 1.15, abs(theta)) * (1 - ramp(0.2, 0.6, lip))
        s = look.stubble * beard * min(max(0.55 + 0.22 * pores, 0.0), 1.0)
        r += (look.hair[0] * 1.4 - r) * s * 0.75
        g += (look.hair[1] * 1.4 - g) * s * 0.72
        b += (look.hair[2] * 1.4 - b) * s * 0.68
    mouth = ramp(0.22, 0.78, lip)
    if mouth > 0:
        w = mouth * (0.86 + 0.06 * spots)
        r, g, b = r + (look.lip[0] - r) * w, g + (look.lip[1] - g) * w, b + (look.lip[2] - b) * w
        px += 2.0 * mouth * np.sin(theta * 260 + 2 * spots)  # the fine upright furrows of the vermilion
    return r, g, b, -px * 0.05 * look.texture, py * 0.05 * look.texture, mouth
