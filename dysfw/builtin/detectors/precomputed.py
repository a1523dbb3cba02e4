"""The detector ``given``: no detector, but the boxes that people or another program have drawn."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ...contracts.components import Detector
from ...imaging.face_selection import Select, check_select, order_faces
from ...types import Face, Image
from .box_csv import read_boxes

MIN_SEEN = 0.1  # of a box's area: with less in the photograph, the row is about another one


class Precomputed(Detector):
    """Faces from a file, for photographs that are annotated already.

    boxes: CSV in UTF-8, or Parquet (``.parquet``), with a row for each face. x0, y0, x1, y1: its box in px of the upright
    photograph (EXIF orientation applied), about from hairline to chin; all four empty: no face. path: the photograph,
    relative to the file; or sha256: hex digest of the photograph's bytes, which finds it wherever it lies and is followed
    where a row has both. score: 0 to 1, optional, else 1. The five landmarks in px, all or none: right_eye_x, right_eye_y,
    left_eye_x, left_eye_y, nose_x, nose_y, right_mouth_x, right_mouth_y, left_mouth_x, left_mouth_y; right and left are the
    subject's, nose is its tip, mouth its corners. Other columns are ignored, so that the manifest of the data may hold the
    boxes too. Photographs without a row have no face.

    Where landmarks are missing they are placed in the box as in an upright frontal face, see ``boxfile.USUAL``.

    select: which face to judge where a photograph has several, see ``dysfw.imaging.face_selection.order_faces``; None: the first in the file.

    Raises ValueError where there is no such file, and DysfwError with all that is wrong in it, by row.
    """

    cacheable = False  # a row may name the photograph by its path

    def __init__(self, boxes: Path, select: Select | None = None) -> None:
        if select is not None:
            check_select(select)
        if not boxes.is_file():
            raise ValueError(
                f"boxes must be the path of a CSV or Parquet file, found {str(boxes)!r}; for photographs that nobody has "
                "annotated take a detector that looks for faces"
            )
        self._file, self._select = boxes, select
        self._faces = read_boxes(boxes)

    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        """Raises ValueError where a box lies outside its photograph."""
        return [self._of(image) for image in images]

    def _of(self, image: Image) -> list[Face]:
        rows = self._faces.get(image.sha256, []) + self._faces.get(os.path.realpath(image.source), [])
        for number, face in rows:
            if _seen(face, image) < MIN_SEEN:
                x0, y0, x1, y1 = (float(v) for v in face.box)
                raise ValueError(
                    f"row {number} of {self._file.name}: the box {x0:g} {y0:g} {x1:g} {y1:g} lies outside the photograph of "
                    f"{image.width} × {image.height} px; x0 y0 x1 y1 are px of the photograph once it is upright"
                )
        faces = [face for _, face in sorted(rows, key=lambda row: row[0])]
        return order_faces(faces, image, self._select) if self._select else faces


def _seen(face: Face, image: Image) -> float:
    """Share of the box that lies in the photograph, 0..1."""
    x0, y0, x1, y1 = (float(v) for v in face.box)
    width, height = min(x1, image.width) - max(x0, 0.0), min(y1, image.height) - max(y0, 0.0)
    return max(width, 0.0) * max(height, 0.0) / ((x1 - x0) * (y1 - y0))
