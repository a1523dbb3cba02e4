"""Saliency maps: which parts of a region's crop support or oppose a condition."""

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
    """The saliency map of one region.

    Attributes:
        region: Name of the region.
        importance: float32 [K, C, C], the fall of each condition's probability if this cell is hidden. Negative if the
            probability rises; NaN for conditions that were not requested.
        pixels: uint8 [S, S, 3], the crop.
        to_image: Affine matrix [2, 3] from pixels of the crop to pixels of the image.
        method: How the map was computed.
    """

    region: str
    importance: Float32
    pixels: UInt8
    to_image: Matrix
    method: Method

    @property
    def cells(self) -> int:
        """Number of cells on each side, C."""
        return int(self.importance.shape[-1])


def heat(maps: Sequence[SaliencyMap], condition: int, points: npt.ArrayLike) -> Float64:
    """Sum the maps of all regions at points of the image.

    Args:
        maps: The maps.
        condition: Index of the label.
        points: float [..., 2], pixels of the image.

    Returns:
        float64 [...], the sum of the importance over the crops that contain the point; 0 if none does.
    """
    at = np.asarray(points, np.float64)
    total = np.zeros(at.shape[:-1])
    for saliency_map in maps:
        scale = saliency_map.cells / len(saliency_map.pixels)
        cells = np.floor(transform(inverse(saliency_map.to_image), at) * scale).astype(np.int64)
        column, row = cells[..., 0], cells[..., 1]
        inside = (row >= 0) & (row < saliency_map.cells) & (column >= 0) & (column < saliency_map.cells)
        total[inside] += saliency_map.importance[condition, row[inside], column[inside]]
    return total
