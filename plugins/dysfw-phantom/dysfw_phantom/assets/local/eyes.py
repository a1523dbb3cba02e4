"""Local morphs of the eyes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ...mesh import Part
from ..source import FLOATS
from .smoothstep import smoothstep

EYES = (Part.EYE_RIGHT, Part.EYE_LEFT)


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


def _around_eyes(
    neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]
) -> Iterator[tuple[FLOATS, FLOATS, FLOATS]]:
    """Yield for each eye the distances of all vertices from its centre: laterally, up and forwards, each float64 [V], dm."""
    for eye, lateral in zip(EYES, (-1.0, 1.0), strict=True):
        ball = np.unique(triangles[part == eye])
        dx, dy, dz = (neutral - (neutral[ball].min(axis=0) + neutral[ball].max(axis=0)) / 2).T
        yield lateral * dx, dy, dz


def _eyeballs(triangles: NDArray[np.int64], part: NDArray[np.int8]) -> NDArray[np.int64]:
    return np.unique(triangles[np.isin(part, EYES)])


def inner_canthus(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Move the inner corners of the eyelids laterally by 2.7 mm; the eyeballs do not move.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    offsets = np.zeros_like(neutral)
    for sign, (dx, dy, dz) in zip((-1, 1), _around_eyes(neutral, triangles, part), strict=True):
        from_corner = dx + 0.125
        weight = np.exp(-((from_corner / np.where(from_corner > 0, 0.12, 0.05)) ** 2) - ((dy + 0.03) / 0.07) ** 2)
        offsets[:, 0] += sign * 0.027 * weight * smoothstep(-0.05, 0.05, dz)
    offsets[_eyeballs(triangles, part)] = 0
    return offsets


def fissure_height(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Move both eyelids apart, by 40 % of the height of the fissure, over the eyeballs, which do not move.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    offsets = np.zeros_like(neutral)
    for dx, dy, dz in _around_eyes(neutral, triangles, part):
        from_axis = dy + 0.018 - 0.09 * dx
        weight = np.exp(-((dx / 0.2) ** 4) - (from_axis / 0.1) ** 2) * smoothstep(0, 0.06, dz)
        offsets[:, 1] += 0.4 * weight * from_axis
        offsets[:, 2] -= 0.016 * weight
    offsets[_eyeballs(triangles, part)] = 0
    return offsets


def fissure_size(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Lengthen the palpebral fissure by 25 % and open it by 40 %; the eyelids slide over the eyeballs, which do not move.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    offsets = np.zeros_like(neutral)
    for sign, (dx, dy, dz) in zip((-1, 1), _around_eyes(neutral, triangles, part), strict=True):
        from_axis = dy + 0.018 - 0.09 * dx
        front = smoothstep(-0.05, 0.06, dz)
        along = np.exp(-((dx / 0.21) ** 4) - (dy / 0.13) ** 2) * front
        across = np.exp(-((dx / 0.2) ** 4) - (from_axis / 0.1) ** 2) * front
        offsets[:, 0] += 0.25 * sign * along * dx
        offsets[:, 1] += 0.4 * across * from_axis
        corners = 0.02 * smoothstep(-0.05, -0.13, dx) + 0.045 * smoothstep(0.04, 0.13, dx)  # the lateral corner lies close
        offsets[:, 2] -= 0.016 * across + along * corners
    offsets[_eyeballs(triangles, part)] = 0
    return offsets


def almond(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Narrow the inner half of the palpebral fissure and widen it slightly lateral to its centre.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    offsets = np.zeros_like(neutral)
    for dx, dy, dz in _around_eyes(neutral, triangles, part):
        from_axis = dy + 0.018 - 0.09 * dx
        weight = np.exp(-((dx / 0.2) ** 4) - (from_axis / 0.1) ** 2) * smoothstep(0, 0.06, dz)
        along = 0.2 * np.exp(-(((dx - 0.045) / 0.04) ** 2)) - 0.4 * smoothstep(0.03, -0.08, dx)
        offsets[:, 1] += along * weight * from_axis
    offsets[_eyeballs(triangles, part)] = 0
    return offsets


def eyeball_size(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Enlarge eyeballs and eyelids by 30 % around the centres of the eyeballs.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    offsets = np.zeros_like(neutral)
    for sign, eye, (dx, dy, dz) in zip((-1, 1), EYES, _around_eyes(neutral, triangles, part), strict=True):
        weight = np.exp(-((dx / 0.23) ** 4) - (dy / 0.17) ** 4) * smoothstep(-0.3, -0.1, dz)
        weight[np.unique(triangles[part == eye])] = 1
        offsets += 0.3 * weight[:, None] * np.stack([sign * dx, dy, dz], axis=1)
    return offsets


def _lower_lid(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8], centre: float, width: float) -> FLOATS:
    """Weigh the margin of the lower eyelids around a place ``centre`` dm lateral to the centre of the eye, float64 [V]."""
    weight = np.zeros(len(neutral))
    for dx, dy, dz in _around_eyes(neutral, triangles, part):
        here = np.exp(-(((dx - centre) / width) ** 2) - ((dy + 0.062 - 0.09 * max(centre, 0)) / 0.03) ** 2)
        weight = np.maximum(weight, here * smoothstep(0.02, 0.08, dz))
    weight[_eyeballs(triangles, part)] = 0
    return weight


def lower_lid_eversion(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Turn the margin of the lower eyelids outwards, away from the eyeball, by 3 mm.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    weight = _lower_lid(neutral, triangles, part, 0.01, 0.09)
    return np.stack([0 * weight, -0.03 * weight, 0.012 * weight], axis=1)


def lateral_lid_eversion(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Turn the lateral third of the margin of the lower eyelids outwards, away from the eyeball, by 3 mm.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    weight = _lower_lid(neutral, triangles, part, 0.07, 0.05)
    return np.stack([0 * weight, -0.03 * weight, 0.012 * weight], axis=1)


def lower_lid_notch(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Cut a notch of 4 mm into the margin of the lower eyelids, between their middle and lateral thirds.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    weight = _lower_lid(neutral, triangles, part, 0.05, 0.032)
    return np.stack([0 * weight, -0.04 * weight, 0 * weight], axis=1)
