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
