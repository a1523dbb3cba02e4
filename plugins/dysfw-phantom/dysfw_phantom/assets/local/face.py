"""Local morphs of cheeks and jaw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..source import FLOATS
from .smoothstep import smoothstep


def malar(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Raise the cheekbones by 4 mm, forwards and outwards.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    weight = np.exp(-(((np.abs(x) - 0.45) / 0.17) ** 2) - ((y + 0.22) / 0.13) ** 2) * smoothstep(-0.35, -0.05, z)
    return np.stack([0.016 * np.sign(x) * weight, 0 * x, 0.036 * weight], axis=1)


def cheek_fullness(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Fill the cheeks beside the mouth by 5 mm, outwards and forwards.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    weight = np.exp(-(((np.abs(x) - 0.42) / 0.2) ** 2) - ((y + 0.5) / 0.22) ** 2) * smoothstep(-0.5, -0.1, z)
    return np.stack([0.032 * np.sign(x) * weight, 0 * x, 0.038 * weight], axis=1)


def mandible_size(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Move the chin 10 mm forward and 4 mm down; the lower lip follows slightly, the angle of the jaw does not move.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    weight = smoothstep(-0.64, -1.02, y) * smoothstep(-0.5, 0.05, z) * np.exp(-((x / 0.6) ** 4))
    return np.stack([0 * x, -0.04 * weight, 0.1 * weight], axis=1)
