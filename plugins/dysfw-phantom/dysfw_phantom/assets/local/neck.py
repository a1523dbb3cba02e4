"""Local morphs of the neck."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..source import FLOATS
from .smoothstep import smoothstep


def neck_webs(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Draw a fold of skin out of each side of the neck, by up to 27 mm, from below the ear to the shoulder.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    along = np.clip((-0.5 - y) / 0.8, 0, 1) * smoothstep(-1.8, -1.3, y)
    edge = smoothstep(0.28, 0.52, np.abs(x)) * np.exp(-(((z + 0.95) / 0.28) ** 2))
    shoulder = np.exp(-(((np.abs(x) - 1.0) / 0.4) ** 2) - ((z + 0.95) / 0.4) ** 2) * smoothstep(-1.3, -1.55, y)
    return np.stack([0.27 * np.sign(x) * along * edge, 0.16 * shoulder, 0 * x], axis=1)
