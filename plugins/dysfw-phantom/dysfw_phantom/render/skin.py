"""Colour and relief of skin and lips at one point, before lighting.

Positions are coordinates of the neutral head (dm), so that freckles and lines stay in place for every shape.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dysfw.plugin import Float32
from dysfw_phantom.render.columns import FLUSH, LIP, THETA
from dysfw_phantom.render.noise import SIDE, SkinNoise
from dysfw_phantom.render.uncounted import inlined

# sRGB of skin from the lowest to the highest melanin, chosen by eye over the range of human skin.
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
    """Convert sRGB to linear light (IEC 61966-2-1).

    Args:
        srgb: Values from 0 to 1.

    Returns:
        float32 of the same shape, from 0 to 1.
    """
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(np.float32)


class SkinParameters(NamedTuple):
    """Properties of the skin for the shading kernel. Amounts range from 0 to 1 unless stated otherwise.

    Attributes:
        albedo: Linear RGB of the skin, float32 [3].
        lip: Linear RGB of the lips, float32 [3].
        hair: Linear RGB of the hair, float32 [3].
        scalp: Coverage of the scalp by hair.
        flush: Redness of cheeks, nose and ears.
        freckles: Strength of freckles.
        stubble: Strength of beard stubble.
        philtrum: Depth of the groove of the philtrum; 1 is average, 0 is smooth.
        lines: Strength of age lines.
        oil: Shine of the skin, about 1.
        texture: Strength of pores and blotches, about 1.
        u: Horizontal offset into the noise textures, texels.
        v: Vertical offset into the noise textures, texels.
    """

    albedo: Float32
    lip: Float32
    hair: Float32
    scalp: float
    flush: float
    freckles: float
    stubble: float
    philtrum: float
    lines: float
    oil: float
    texture: float
    u: int
    v: int


def tone(melanin: float, redness: float, yellowness: float) -> Float32:
    """Compute the colour of skin.

    Args:
        melanin: Pigmentation, 0 to 1.
        redness: Shift towards red, centred on 0.
        yellowness: Shift towards yellow, centred on 0.

    Returns:
        Linear RGB, float32 [3].
    """
    place = np.clip(melanin, 0, 1) * (len(TONES) - 1)
    table = to_linear((TONES / 255).astype(np.float32))
    colour = np.array([np.interp(place, np.arange(len(TONES)), table[:, c]) for c in range(3)])
    shift = np.array([1 + 0.10 * redness, 1 - 0.10 * redness, 1 - 0.06 * redness - 0.12 * yellowness])
    return np.asarray(colour * shift, dtype=np.float32)


@inlined
def ramp(low: float, high: float, x: float) -> float:
    """Interpolate smoothly from 0 at ``low`` to 1 at ``high``, which may be smaller than ``low``."""
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


@inlined
def bump(x: float, centre: float, width: float) -> float:
    """Evaluate an unnormalised Gaussian."""
    d = (x - centre) / width
    return float(np.exp(-d * d))


@inlined
def relief(x: float, y: float, skin: SkinParameters) -> tuple[float, float]:
    """Compute the tilt of the normal in folds of the skin: philtrum and age lines.

    Args:
        x: Rest coordinate to the subject's left, dm.
        y: Rest coordinate upwards, dm.
        skin: Properties of the skin.

    Returns:
        Tilt to the left and up.
    """
    tilt_x, tilt_y = 0.0, 0.0
    side = abs(x)
    sign = 1.0 if x >= 0 else -1.0
    if side < 0.16 and -0.60 < y < -0.42:
        rows = ramp(-0.585, -0.545, y) * ramp(-0.44, -0.48, y)
        offset = 0.042 + 0.010 * (-0.46 - y) / 0.1
        groove = 2 * x / 0.030**2 * bump(x, 0.0, 0.030)
        ridge = -2 * (side - offset) / 0.016**2 * bump(side, offset, 0.016) * sign * 0.35
        tilt_x -= skin.philtrum * rows * 0.012 * (groove + ridge)
    if skin.lines > 0.02:
        if 0.12 < side < 0.50 and -0.80 < y < -0.20:  # nasolabial fold
            t = (-0.28 - y) / 0.36
            centre = 0.175 + 0.145 * t
            d = (side - centre) / 0.022
            fade = ramp(-0.1, 0.25, t) * ramp(1.15, 0.7, t)
            tilt_x += sign * skin.lines * 0.75 * fade * d * np.exp(-d * d)
        if side < 0.55 and 0.42 < y < 0.85:  # forehead lines
            fade = ramp(0.55, 0.25, side) * ramp(0.42, 0.50, y) * ramp(0.85, 0.72, y)
            wave = y + 0.018 * np.cos(9 * x) + 0.012 * np.sin(21 * x)
            tilt_y += skin.lines * 0.30 * fade * np.sin(wave * 62)
        if 0.46 < side < 0.72 and -0.12 < y < 0.16:  # crow's feet
            fan = np.arctan2(y - 0.02, side - 0.40)
            tilt_y += skin.lines * 0.28 * ramp(0.46, 0.54, side) * ramp(0.72, 0.62, side) * np.sin(fan * 24)
        if 0.14 < side < 0.48 and -0.30 < y < -0.08:  # bags under the eyes
            centre = -0.155 - 0.03 * np.cos((side - 0.31) * 9)
            d = (y - centre) / 0.020
            tilt_y -= skin.lines * 0.45 * ramp(0.48, 0.40, side) * ramp(0.14, 0.22, side) * d * np.exp(-d * d)
    return tilt_x, tilt_y


@inlined
def skin_colour(q: Float32, skin: SkinParameters, noise: SkinNoise) -> tuple[float, float, float, float, float, float]:
    """Compute the colour and relief of the skin at one point.

    Args:
        q: Interpolated attributes; see ``columns``.
        skin: Properties of the skin.
        noise: Textures of the skin.

    Returns:
        Linear red, green and blue; the tilt of the normal by pores to the left and up; and the fraction of lip.
    """
    x, y, theta, lip, flush = q[0], q[1], q[THETA], q[LIP], q[FLUSH]
    mask = SIDE - 1
    u = int(np.floor(theta * 330)) + skin.u
    v = int(np.floor(y * 420)) + skin.v
    i, j = v & mask, u & mask
    pores, spots, px, py = noise.fine[i, j, 0], noise.fine[i, j, 1], noise.fine[i, j, 2], noise.fine[i, j, 3]
    blotches = noise.coarse[(v >> 3) & (mask >> 2), (u >> 3) & (mask >> 2)]
    tone = 1 + skin.texture * (0.016 * pores + 0.014 * spots + 0.022 * blotches)
    red = skin.flush * (flush + 0.10 * blotches)
    r, g, b = skin.albedo[0] * tone, skin.albedo[1] * tone * (1 - 0.26 * red), skin.albedo[2] * tone * (1 - 0.22 * red)
    if skin.freckles > 0:
        place = flush + 0.25 * ramp(-0.5, 0.1, y) * ramp(0.9, 0.5, abs(theta))
        f = skin.freckles * ramp(0.9, 1.9, spots) * min(1.0, 1.4 * place)
        r, g, b = r * (1 - 0.30 * f), g * (1 - 0.48 * f), b * (1 - 0.55 * f)
    if skin.stubble > 0 and y < -0.30:
        moustache = ramp(-0.40, -0.46, y) * ramp(0.34, 0.22, abs(x))
        jaw = ramp(-0.50, -0.72, y + 0.35 * abs(x) - 0.30 * ramp(0.55, 1.0, abs(theta)) * 1.0)
        beard = max(moustache, jaw) * ramp(-1.28, -1.05, y) * ramp(1.45, 1.15, abs(theta)) * (1 - ramp(0.2, 0.6, lip))
        s = skin.stubble * beard * min(max(0.55 + 0.22 * pores, 0.0), 1.0)
        r += (skin.hair[0] * 1.4 - r) * s * 0.75
        g += (skin.hair[1] * 1.4 - g) * s * 0.72
        b += (skin.hair[2] * 1.4 - b) * s * 0.68
    mouth = ramp(0.22, 0.78, lip)
    if mouth > 0:
        w = mouth * (0.86 + 0.06 * spots)
        r, g, b = r + (skin.lip[0] - r) * w, g + (skin.lip[1] - g) * w, b + (skin.lip[2] - b) * w
        px += 2.0 * mouth * np.sin(theta * 260 + 2 * spots)  # fine vertical furrows of the vermilion
    return r, g, b, -px * 0.05 * skin.texture, py * 0.05 * skin.texture, mouth
