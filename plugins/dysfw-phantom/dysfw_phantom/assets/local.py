"""Morphs that MakeHuman lacks, defined as fields of offsets on the neutral head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..mesh import Part
from .source import FLOATS


def smoothstep(low: float, high: float, x: FLOATS) -> FLOATS:
    """Interpolate between 0 and 1 with a cubic.

    Args:
        low: Value of ``x`` at which the result is 0; may be larger than ``high``.
        high: Value of ``x`` at which the result is 1.
        x: Values to map.

    Returns:
        float64 of the shape of ``x``.
    """
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


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


def local_morphs(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> dict[str, FLOATS]:
    """Compute all local morphs.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets by name ("local-NAME"), each float64 [V, 3], dm.
    """
    morphs = [fissure_length, eye_prominence, nasal_bridge, philtrum_length, philtrum_depth]
    morphs += [malar, cheek_fullness, mandible_size, forehead_width]
    return {f"local-{morph.__name__.replace('_', '-')}": morph(neutral, triangles, part) for morph in morphs}
