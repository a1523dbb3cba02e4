"""Local morphs of the eyes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...mesh import Part
from ..source import FLOATS
from .smoothstep import smoothstep


def fissure_length(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Stretch the eyelids horizontally by 22 %; they slide over the eyeballs, which do not move.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    offsets = np.zeros_like(neutral)
    balls = [np.unique(triangles[part == eye]) for eye in (Part.EYE_RIGHT, Part.EYE_LEFT)]
    for ball in balls:
        dx, dy, dz = (neutral - (neutral[ball].min(axis=0) + neutral[ball].max(axis=0)) / 2).T
        weight = np.exp(-((dx / 0.26) ** 4) - (dy / 0.17) ** 4) * np.exp(-np.maximum(-(dz + 0.12), 0) / 0.05)
        offsets[:, 0] += 0.22 * weight * dx
    offsets[np.concatenate(balls)] = 0
    return offsets


def eye_prominence(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Move eyeballs and eyelids forward by 4 mm; the eyeballs stay round.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    weight = np.zeros(len(neutral))
    for eye in (Part.EYE_RIGHT, Part.EYE_LEFT):
        ball = np.unique(triangles[part == eye])
        dx, dy, dz = (neutral - (neutral[ball].min(axis=0) + neutral[ball].max(axis=0)) / 2).T
        near = np.exp(-((dx / 0.24) ** 4) - (dy / 0.19) ** 4) * smoothstep(-0.35, -0.15, dz)
        near[ball] = 1
        weight = np.maximum(weight, near)
    return np.stack([0 * weight, 0 * weight, 0.04 * weight], axis=1)
