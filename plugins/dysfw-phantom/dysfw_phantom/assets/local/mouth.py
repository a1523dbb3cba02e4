"""Local morphs of philtrum and mouth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...mesh import Part
from ..source import FLOATS
from .smoothstep import smoothstep


def philtrum_length(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Move everything below the philtrum down by 4.5 mm: lips, oral cavity, chin and front of the jaw.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    aside = smoothstep(0.12, 0.35, np.abs(x))  # the cheeks stretch over a longer distance than the philtrum
    below = smoothstep(0, 1, (-0.485 + 0.12 * aside - y) / (0.085 + 0.22 * aside))
    front = np.exp(-((x / 0.5) ** 4)) * smoothstep(-0.45, 0.0, z) * smoothstep(-1.35, -1.1, y)
    front[np.unique(triangles[np.isin(part, (Part.MOUTH, Part.TEETH, Part.TONGUE))])] = 1
    return np.stack([0 * x, -0.045 * below * front, 0 * x], axis=1)


def philtrum_depth(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Deepen the groove of the philtrum by 2.5 mm and raise its ridges by 1.2 mm.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    profile = 0.012 * np.exp(-(((np.abs(x) - 0.055) / 0.022) ** 2)) - 0.025 * np.exp(-((x / 0.026) ** 2))
    weight = smoothstep(-0.48, -0.5, y) * smoothstep(-0.59, -0.56, y) * smoothstep(0.15, 0.25, z)
    return np.stack([0 * x, 0 * x, profile * weight], axis=1)


def philtrum_width(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Widen the philtrum, from the columella to the vermilion, by 30 %.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    weight = np.exp(-((x / 0.1) ** 2)) * smoothstep(-0.46, -0.5, y) * smoothstep(-0.63, -0.58, y) * smoothstep(0.2, 0.26, z)
    return np.stack([0.4 * x * weight, 0 * x, 0 * x], axis=1)


def _lip(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8], start: float) -> NDArray[np.bool_]:
    """Find the vertices above or below the mouth, with the inside of the lip.

    Args:
        neutral: Neutral head, float64 [V, 3], dm.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].
        start: y of a point of the midline on that side of the mouth, dm.

    Returns:
        bool [V].
    """
    x, y, z = neutral.T
    near: NDArray[np.bool_] = (np.abs(x) < 0.21) & (y < -0.3) & (y > -1.2) & (z > 0.14)
    mesh = triangles[np.isin(part, (Part.SKIN, Part.MOUTH))]
    mesh = mesh[near[mesh].all(axis=1)]
    found: NDArray[np.bool_] = near & (np.hypot(x, y - start) < 0.05) & (z > 0.2)
    while True:
        more = found.copy()
        more[mesh[found[mesh].any(axis=1)]] = True
        if (more == found).all():
            return found
        found = more


def lower_lip_eversion(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Roll the lower lip outwards: its border moves down and forward by 3 mm each, and the inside of the lip follows.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    weight = _lip(neutral, triangles, part, -0.85) * np.exp(-((x / 0.16) ** 4)) * smoothstep(0.16, 0.24, z)
    border = weight * smoothstep(-0.88, -0.79, y)
    edge = weight * smoothstep(-0.77, -0.67, y)
    return np.stack([0 * x, -0.03 * border + 0.022 * edge, 0.03 * border + 0.004 * edge], axis=1)


def tented_upper_lip(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Raise the middle of the upper lip by 3 mm and lower its sides by 1 mm.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    weight = _lip(neutral, triangles, part, -0.55) * smoothstep(-0.5, -0.6, y) * smoothstep(0.14, 0.24, z)
    profile = 0.03 * np.exp(-((x / 0.075) ** 2)) - 0.01 * np.exp(-(((np.abs(x) - 0.15) / 0.05) ** 2))
    return np.stack([0 * x, profile * weight, 0 * x], axis=1)
