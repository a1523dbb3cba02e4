"""Local morphs of the ears."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..source import FLOATS
from .smoothstep import smoothstep

SMOOTHING = 12  # steps; more would thin the pinna


def _pinna(neutral: FLOATS) -> FLOATS:
    """Weigh the vertices that stand out from the head, float64 [V], 0 to 1."""
    x, y, z = neutral.T
    inside = smoothstep(-0.54, -0.62, z) * smoothstep(-1.0, -0.93, z) * smoothstep(-0.52, -0.46, y) * smoothstep(0.12, 0.06, y)
    return np.asarray(inside * smoothstep(0.665, 0.73, np.abs(x)))


def _smoothed(neutral: FLOATS, triangles: NDArray[np.int64]) -> FLOATS:
    """Replace each vertex by the mean of itself and its neighbours, several times."""
    pairs = np.concatenate([triangles[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))])
    pairs = np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)
    count = np.maximum(np.bincount(pairs[:, 0], minlength=len(neutral)), 1)[:, None]
    result = neutral
    for _ in range(SMOOTHING):
        sums = np.zeros_like(neutral)
        np.add.at(sums, pairs[:, 0], result[pairs[:, 1]])
        result = (result + sums / count) / 2
    return result


def ear_simplicity(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Flatten the folds of the pinna: helix, antihelix and concha.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    return np.asarray(_pinna(neutral)[:, None] * (_smoothed(neutral, triangles) - neutral))


def ear_cupping(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Bend the border of the pinna outwards and forwards around the concha, by 6 mm at its farthest.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, z = neutral.T
    radius = np.hypot(y + 0.21, z + 0.66)
    out = _pinna(neutral) * smoothstep(0.08, 0.3, radius) * smoothstep(-0.5, -0.35, y)
    return np.stack([0.09 * np.sign(x) * out, -0.02 * out * np.sign(y + 0.21), 0.06 * out], axis=1)


def helix_overfolding(neutral: FLOATS, triangles: NDArray[np.int64], part: NDArray[np.int8]) -> FLOATS:
    """Fold the upper border of the pinna down over itself, by 5 mm.

    Args:
        neutral: Neutral head, float64 [V, 3], dm, with the eyes at the origin.
        triangles: int64 [T, 3].
        part: Part of each triangle, int8 [T].

    Returns:
        Offsets, float64 [V, 3], dm.
    """
    x, y, _ = neutral.T
    out = _pinna(neutral) * smoothstep(-0.1, 0.04, y)
    return np.stack([0.035 * np.sign(x) * out, -0.05 * out, 0.01 * out], axis=1)
