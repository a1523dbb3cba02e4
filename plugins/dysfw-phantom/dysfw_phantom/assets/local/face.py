"""Local morphs of cheeks and jaw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...mesh import Part
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


def midface(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Move the midface 6 mm forward: infraorbital and perialar regions, nose and upper lip. The eyes do not move.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    weight = smoothstep(-0.07, -0.3, y) * smoothstep(-0.74, -0.54, y) * np.exp(-((x / 0.46) ** 4)) * smoothstep(-0.35, 0.05, z)
    return np.stack([0 * x, 0 * x, 0.06 * weight], axis=1)


def facial_flatness(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Flatten the profile: nose and upper lip 6 mm back, cheekbones 1 mm and chin 2 mm forward.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    front = smoothstep(-0.35, 0.05, z)
    middle = smoothstep(-0.05, -0.35, y) * smoothstep(-0.76, -0.54, y) * np.exp(-((x / 0.32) ** 4))
    cheek = np.exp(-(((np.abs(x) - 0.5) / 0.15) ** 2) - ((y + 0.25) / 0.16) ** 2)
    chin = smoothstep(-0.8, -0.93, y) * smoothstep(-1.25, -1.05, y) * np.exp(-((x / 0.35) ** 4))
    return np.stack([0 * x, 0 * x, front * (0.01 * cheek + 0.02 * chin - 0.06 * middle)], axis=1)


def face_width(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Widen the face by 10 mm at cheekbones and jaw; the ears move with it, eyes, nose and mouth do not.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    side = np.abs(x)
    inner = 0.40 - 0.2 * smoothstep(-0.3, -0.8, y)  # the jaw is narrower than the cheekbones
    outwards = smoothstep(0, 1, (side - inner) / 0.28) * smoothstep(0.75, -0.05, y) * smoothstep(-1.35, -0.85, y)
    return np.stack([0.05 * np.sign(x) * outwards * smoothstep(-1.6, -0.8, z), 0 * x, 0 * x], axis=1)


def jaw_width(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Widen the jaw by 14 mm at its angles; the chin does not move.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    height = np.where(y > -0.8, 0.4, 0.25)  # the cheek widens gradually, the neck does not
    weight = smoothstep(0.22, 0.5, np.abs(x)) * np.exp(-(((y + 0.8) / height) ** 2)) * smoothstep(-0.95, -0.4, z)
    return np.stack([0.07 * np.sign(x) * weight, 0 * x, 0 * x], axis=1)


def face_height(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Lengthen the face below the eyes by 10 %; the ears do not move, neck and shoulders follow the chin.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    front = smoothstep(-0.75, -0.1, z) * np.exp(-((x / 0.62) ** 6)) * smoothstep(-1.4, -1.1, y)
    front[np.unique(triangles[np.isin(part, (Part.MOUTH, Part.TEETH, Part.TONGUE))])] = 1
    begins = np.clip(-y - 0.08, 0, None) ** 2 / (np.clip(-y - 0.08, 0, None) + 0.06)  # gradually below the lids
    return np.stack([0 * x, -0.1 * begins * front, 0 * x], axis=1)


def chin_dimple(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Sink the middle of the chin by 5 mm.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    weight = np.exp(-((x / 0.05) ** 2) - ((y + 0.97) / 0.06) ** 2) * smoothstep(0.0, 0.15, z)
    return np.stack([0 * x, 0 * x, -0.05 * weight], axis=1)
