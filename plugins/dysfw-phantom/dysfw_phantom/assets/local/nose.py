"""Local morphs of the nose."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..source import FLOATS
from .smoothstep import smoothstep


def nasal_bridge(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Raise the nasal bridge between nasion and nasal tip by 4 mm.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    weight = np.exp(-((x / 0.12) ** 2)) * smoothstep(0.16, 0.02, y) * smoothstep(-0.36, -0.14, y) * smoothstep(0, 0.12, z)
    return np.stack([0 * x, 0 * x, 0.04 * weight], axis=1)
