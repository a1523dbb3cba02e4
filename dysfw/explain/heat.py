"""The maps of all regions as one, on the photograph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..geometry import inverse, transform
from .occlusion import CELLS, Map
from .shapley import Float64


def heat(maps: Sequence[Map], condition: int, points: npt.ArrayLike) -> Float64:
    """points [..., 2], px of the photograph -> float64 [...]: by how much the condition's probability falls where it is
    hidden there, added over the regions whose crops show the point; 0 where none does."""
    at = np.asarray(points, np.float64)
    total = np.zeros(at.shape[:-1])
    for one in maps:
        cells = np.floor(transform(inverse(one.to_photograph), at) * (CELLS / len(one.pixels))).astype(np.int64)
        column, row = cells[..., 0], cells[..., 1]
        inside = (row >= 0) & (row < CELLS) & (column >= 0) & (column < CELLS)
        total[inside] += one.lost[condition, row[inside], column[inside]]
    return total
