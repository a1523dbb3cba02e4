"""Which part of a region's crop a judgement hangs on, and the maps of all regions as one on the photograph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..imaging.geometry import Matrix, inverse, transform
from ..types import Float32, UInt8
from .shapley import Float64

Method = Literal["occlusion", "gradient"]


@dataclass(frozen=True, slots=True, eq=False)
class SaliencyMap:
    """Of one region. lost: float32 [K, C, C], for each condition by how much its reported probability falls where this part of
    the crop is hidden; below 0 where it rises; NaN for conditions that were not asked about. pixels: uint8 [S, S, 3], the
    crop. to_photograph: takes the crop's pixels to the photograph's. method: how it was found."""

    region: str
    importance: Float32
    pixels: UInt8
    to_image: Matrix
    method: Method

    @property
    def cells(self) -> int:
        """C, on each side of the crop."""
        return int(self.importance.shape[-1])


def heat(maps: Sequence[SaliencyMap], condition: int, points: npt.ArrayLike) -> Float64:
    """points [..., 2], px of the photograph -> float64 [...]: by how much the condition's probability falls where it is hidden
    there, added over the regions whose crops show the point; 0 where none does."""
    at = np.asarray(points, np.float64)
    total = np.zeros(at.shape[:-1])
    for one in maps:
        cells = np.floor(transform(inverse(one.to_image), at) * (one.cells / len(one.pixels))).astype(np.int64)
        column, row = cells[..., 0], cells[..., 1]
        inside = (row >= 0) & (row < one.cells) & (column >= 0) & (column < one.cells)
        total[inside] += one.importance[condition, row[inside], column[inside]]
    return total
