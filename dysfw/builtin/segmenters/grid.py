"""Patches of the aligned face in rows and columns: regions that no anatomy chose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from ...contracts.components import Segmenter
from ...types import Face, Image, Segmentation
from .face_axes import Box, FaceAxes

MOST = 12
MOST_OVERLAP = 0.9
Count = Annotated[int, Field(ge=1, le=MOST)]


class Grid(Segmenter):
    """The face in patches of one size, along and across the eye line: what regions are worth that no anatomy chose.

    The patches fill the extent of the face as ``landmark_boxes`` places it. They are named "row1_column1", "row1_column2" …,
    rows counted from above and columns from the viewer's left, both of the upright face; beyond nine with two digits, so that
    the names sort. No name says right or left: where a trunk is tuned, patches are mirrored unless ``augment`` says not to.

    rows, columns: 1 to 12. overlap: the part of its height or width that a patch shares with the next, 0 to 0.9; 0: none.
    """

    def __init__(
        self, rows: Count = 3, columns: Count = 3, overlap: Annotated[float, Field(ge=0, le=MOST_OVERLAP)] = 0.0
    ) -> None:
        for name, count in (("rows", rows), ("columns", columns)):
            if not 1 <= count <= MOST:
                raise ValueError(f"{name} must be from 1 to {MOST}, found {count}")
        if not 0 <= overlap <= MOST_OVERLAP:
            raise ValueError(f"overlap must be a fraction of a patch from 0 to {MOST_OVERLAP}, found {overlap}")
        self._rows, self._columns, self._overlap = _numbered(rows), _numbered(columns), overlap

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(f"row{row}_column{column}" for row in self._rows for column in self._columns)

    def segment(self, images: Sequence[Image], faces: Sequence[Face]) -> list[Segmentation]:
        frames = [FaceAxes.of(face) for face in faces]
        return [frame.segment(self._patches(frame.face), image) for frame, image in zip(frames, images, strict=True)]

    def _patches(self, face: Box) -> dict[str, Box]:
        left, top, right, bottom = face
        down = _spans(top, bottom, len(self._rows), self._overlap)
        across = _spans(left, right, len(self._columns), self._overlap)
        return dict(zip(self.regions, ((x0, y0, x1, y1) for y0, y1 in down for x0, x1 in across), strict=True))


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(str(number).zfill(len(str(count))) for number in range(1, count + 1))


def _spans(start: float, end: float, count: int, overlap: float) -> list[tuple[float, float]]:
    """``count`` spans of one length that fill start..end, each sharing the part ``overlap`` of its length with the next."""
    length = (end - start) / (1 + (count - 1) * (1 - overlap))
    starts = [start + i * length * (1 - overlap) for i in range(count)]
    return [(at, at + length) for at in starts]
