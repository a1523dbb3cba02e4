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


def columella_height(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Lower the columella by 3 mm; the tip, the alae and the base of the nose do not move.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    weight = np.exp(-((x / 0.045) ** 2) - ((y + 0.44) / 0.045) ** 2 - ((z - 0.355) / 0.06) ** 2)
    return np.stack([0 * x, -0.03 * weight, 0 * x], axis=1)


def nasal_tip_projection(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Move the tip of the nose forward by 4 mm.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    weight = np.exp(-((x / 0.11) ** 2) - ((y + 0.375) / 0.1) ** 2) * smoothstep(0.24, 0.4, z)
    return np.stack([0 * x, 0 * x, 0.04 * weight], axis=1)


def nasal_base_width(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Move the attachments of the alae to the face apart, each by 3 mm.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    weight = (
        np.exp(-(((np.abs(x) - 0.16) / 0.07) ** 2) - ((y + 0.44) / 0.07) ** 2)
        * smoothstep(0.36, 0.26, z)
        * smoothstep(0.1, 0.2, z)
    )
    return np.stack([0.03 * np.sign(x) * weight, 0 * x, 0 * x], axis=1)
