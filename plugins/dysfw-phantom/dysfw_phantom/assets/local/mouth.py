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
