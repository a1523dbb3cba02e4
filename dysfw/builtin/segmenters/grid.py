"""The segmenter ``grid``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from ...contracts.components import Segmenter
from ...types import Face, Image, Segmentation
from .face_axes import Box, FaceAxes

MAX_COUNT = 12
MAX_OVERLAP = 0.9
Count = Annotated[int, Field(ge=1, le=MAX_COUNT)]


class Grid(Segmenter):
    """Divides the face into a grid of equal patches: a baseline for anatomical regions.

    The grid is aligned with the eye line and covers the region ``face`` of ``landmark_boxes``. Patches are named
    "row1_column1", "row1_column2" …, with rows from top to bottom and columns from the viewer's left, in the upright face. With
    ten or more rows or columns, numbers have two digits, so that the names sort. Names do not contain right or left, so
    fine-tuning mirrors the patches unless ``augment`` disables it.

    Args:
        rows: Number of rows, 1 to 12.
        columns: Number of columns, 1 to 12.
        overlap: Fraction of a patch's height and width that it shares with the next patch, 0 to 0.9.
    """

    def __init__(
        self, rows: Count = 3, columns: Count = 3, overlap: Annotated[float, Field(ge=0, le=MAX_OVERLAP)] = 0.0
    ) -> None:
        for name, count in (("rows", rows), ("columns", columns)):
            if not 1 <= count <= MAX_COUNT:
                raise ValueError(f"{name} must be from 1 to {MAX_COUNT}, found {count}")
        if not 0 <= overlap <= MAX_OVERLAP:
            raise ValueError(f"overlap must be a fraction of a patch from 0 to {MAX_OVERLAP}, found {overlap}")
        self._rows, self._columns, self._overlap = _zero_padded_numbers(rows), _zero_padded_numbers(columns), overlap

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the patches, row by row."""
        return tuple(f"row{row}_column{column}" for row in self._rows for column in self._columns)

    def segment(self, images: Sequence[Image], faces: Sequence[Face]) -> list[Segmentation]:
        """Segment each face."""
        all_axes = [FaceAxes.of(face) for face in faces]
        return [axes.segment(self._patches(axes.face), image) for axes, image in zip(all_axes, images, strict=True)]

    def _patches(self, face: Box) -> dict[str, Box]:
        left, top, right, bottom = face
        vertical = _spans(top, bottom, len(self._rows), self._overlap)
        horizontal = _spans(left, right, len(self._columns), self._overlap)
        return dict(zip(self.regions, ((x0, y0, x1, y1) for y0, y1 in vertical for x0, x1 in horizontal), strict=True))


def _zero_padded_numbers(count: int) -> tuple[str, ...]:
    return tuple(str(number).zfill(len(str(count))) for number in range(1, count + 1))


def _spans(start: float, end: float, count: int, overlap: float) -> list[tuple[float, float]]:
    """Divide start..end into ``count`` spans of equal length, each overlapping the next by this fraction of its length."""
    length = (end - start) / (1 + (count - 1) * (1 - overlap))
    starts = [start + i * length * (1 - overlap) for i in range(count)]
    return [(at, at + length) for at in starts]
