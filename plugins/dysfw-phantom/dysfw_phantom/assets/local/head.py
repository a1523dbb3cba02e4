"""Local morphs of forehead and skull."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..source import FLOATS
from .smoothstep import smoothstep


def forehead_width(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Widen the head above the eyebrows by 10 %.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, _ = neutral.T
    return np.stack([0.1 * x * smoothstep(-0.1, 0.6, y), 0 * x, 0 * x], axis=1)


def _above_skull_base(neutral: FLOATS) -> FLOATS:
    """Compute the height above a plane from the eyebrows to the base of the occiput, float64 [V], dm."""
    return neutral[:, 1] - 0.3 * (neutral[:, 2] - 0.2)


def cranial_vault(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Make the cranial vault wider and higher by 10 %, longer by 7 %; the face below the eyebrows does not move.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    weight = smoothstep(-0.03, 0.78, _above_skull_base(neutral))
    centre = [0.0, 0.05, -0.25]  # far in front, so that the forehead keeps its slope
    return np.asarray(weight[:, None] * [0.1, 0.1, 0.07] * (neutral - centre))


def forehead_prominence(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Move the whole forehead 8 mm forward; the eyebrows do not move.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    weight = smoothstep(0.16, 0.5, y) * smoothstep(1.05, 0.65, y) * np.exp(-((x / 0.5) ** 4)) * smoothstep(-0.4, 0.1, z)
    return np.stack([0 * x, 0.01 * weight, 0.08 * weight], axis=1)


def forehead_slope(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Incline the forehead by 10 degrees more to the back; the eyebrows do not move.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    rise = np.clip(y - 0.2, 0, None) ** 2 / (np.clip(y - 0.2, 0, None) + 0.1)  # begins gradually above the eyebrows
    weight = rise * smoothstep(-0.9, -0.1, z)
    return np.stack([0 * x, -0.05 * weight, -0.18 * weight], axis=1)


def frontal_bossing(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Raise the two lateral prominences of the frontal bone by 8 mm and spare the midline.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    bump = np.exp(-(((np.abs(x) - 0.35) / 0.18) ** 2) - ((y - 0.48) / 0.22) ** 2) * smoothstep(-0.5, -0.1, z)
    return np.stack([0.038 * np.sign(x) * bump, 0.012 * bump, 0.07 * bump], axis=1)


def cephalic_index(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Widen the skull by 10 % and shorten it by 10 % from behind; the face and the forehead's depth do not change.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, _, z = neutral.T
    weight = smoothstep(-0.1, 0.6, _above_skull_base(neutral))
    behind = smoothstep(-0.3, -1.0, z) * weight
    return np.stack([0.1 * weight * x, 0 * x, -0.2 * behind * (z + 0.7)], axis=1)


def trigonocephaly(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Give the forehead the shape of a wedge: a ridge of 3 mm in the midline, sides that recede by up to 8 mm.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    forehead = smoothstep(0.1, 0.4, y) * smoothstep(1.0, 0.75, y) * smoothstep(-0.9, -0.2, z)
    ridge = np.exp(-((x / 0.1) ** 2)) * smoothstep(-0.1, 0.1, z)
    side = smoothstep(0.1, 0.5, np.abs(x))
    return np.stack([-0.06 * np.sign(x) * side * forehead, 0 * x, (0.03 * ridge - 0.05 * side) * forehead], axis=1)


def head_height(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Make the cranial vault 12 mm higher, and narrower and shorter by 3 %.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, _, z = neutral.T
    weight = smoothstep(0.12, 1.2, _above_skull_base(neutral))
    slim = smoothstep(0.1, 0.6, _above_skull_base(neutral))
    return np.stack([-0.03 * slim * x, 0.12 * weight, -0.03 * slim * np.minimum(z + 0.6, 0)], axis=1)


def plagiocephaly_left(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Shear the skull: the left of forehead and occiput 10 mm forward, their right 10 mm backward, the left temple outwards.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, _ = neutral.T
    weight = smoothstep(-0.15, 0.5, _above_skull_base(neutral))
    weight *= np.where(np.abs(x) < 0.5, smoothstep(0.1, 0.3, y) + smoothstep(-0.3, -0.6, neutral[:, 2]), 1.0).clip(0, 1)
    return np.stack([0.045 * weight * smoothstep(0.1, 0.6, x), 0 * x, 0.16 * x * weight], axis=1)


def plagiocephaly_right(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Shear the skull to the other side; see ``plagiocephaly_left``.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    flip = np.array([-1.0, 1.0, 1.0])
    return flip * plagiocephaly_left(neutral * flip, triangles, part)


def supraorbital_ridges(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Raise the bone below the eyebrows by 6 mm; the upper lids do not move.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    side = np.abs(x)
    crest = 0.17 + 0.05 * np.exp(-(((side - 0.32) / 0.16) ** 2)) - 0.12 * smoothstep(0.4, 0.62, side)
    across = np.where(y > crest, np.exp(-(((y - crest) / 0.13) ** 2)), np.exp(-(((y - crest) / 0.07) ** 2)))
    weight = across * smoothstep(0.68, 0.5, side) * (1 - 0.6 * np.exp(-((x / 0.09) ** 2))) * smoothstep(-0.3, 0.0, z)
    return np.stack([0.02 * np.sign(x) * smoothstep(0.3, 0.55, side) * weight, 0 * x, 0.06 * weight], axis=1)


def metopic_ridge(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Raise a vertical ridge of 6 mm in the midline of the forehead.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    weight = np.exp(-((x / 0.075) ** 2)) * smoothstep(0.2, 0.4, y) * smoothstep(0.95, 0.75, y) * smoothstep(-0.4, 0.0, z)
    return np.stack([0 * x, 0.015 * weight, 0.06 * weight], axis=1)


def glabella(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Move the glabella 5 mm forward.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    weight = np.exp(-((x / 0.15) ** 2) - ((y - 0.19) / 0.1) ** 2) * smoothstep(0.0, 0.15, z)
    return np.stack([0 * x, 0 * x, 0.05 * weight], axis=1)


def temple_hollow(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Sink the temples by 6 mm.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    weight = np.exp(-(((y - 0.2) / 0.17) ** 2) - ((z + 0.17) / 0.17) ** 2) * smoothstep(0.4, 0.6, np.abs(x))
    return np.stack([-0.058 * np.sign(x) * weight, 0 * x, -0.015 * weight], axis=1)
