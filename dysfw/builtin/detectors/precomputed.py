"""The detector ``precomputed``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ...contracts.components import Detector
from ...imaging.face_selection import Select, check_select, order_faces
from ...types import Face, Image
from .box_csv import read_boxes

MIN_INSIDE = 0.1  # of a box's area; with less inside the image, the row probably belongs to another one


class Precomputed(Detector):
    """Reads face boxes from a file, for images that are already annotated.

    The file has a row for each face, with these columns. Others are ignored, so the data set's manifest may contain the boxes.

    - ``path``: the image, relative to the file; or ``sha256``: hex digest of the image file. ``sha256`` finds the image in any
      folder and takes precedence in a row with both.
    - ``x0``, ``y0``, ``x1``, ``y1``: the box in px of the upright image (EXIF orientation applied), about from hairline to
      chin. All four are empty if the image has no face.
    - ``score``: confidence, 0 to 1; optional, 1 by default.
    - ``right_eye_x``, ``right_eye_y``, ``left_eye_x``, ``left_eye_y``, ``nose_x``, ``nose_y``, ``right_mouth_x``,
      ``right_mouth_y``, ``left_mouth_x``, ``left_mouth_y``: the five landmarks in px, all or none. Right and left are the
      subject's; nose is its tip, mouth its corners. Missing landmarks are placed as in a typical upright frontal face.

    Images without a row have no face.

    Args:
        boxes: CSV file in UTF-8, or Parquet file (``.parquet``).
        select: Which face to use if an image has several; see ``dysfw.imaging.face_selection.order_faces``. Null uses the first
            in the file.

    Raises:
        ValueError: There is no such file.
        DysfwError: The file has invalid rows; the message lists them all.
    """

    cacheable = False  # a row may identify the image by its path

    def __init__(self, boxes: Path, select: Select | None = None) -> None:
        if select is not None:
            check_select(select)
        if not boxes.is_file():
            raise ValueError(
                f"boxes must be the path of a CSV or Parquet file, found {str(boxes)!r}; for images without annotations use "
                "a detector such as mtcnn"
            )
        self._file, self._select = boxes, select
        self._faces = read_boxes(boxes)

    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        """Look up the faces of each image.

        Raises:
            ValueError: A box lies outside its image.
        """
        return [self._lookup(image) for image in images]

    def _lookup(self, image: Image) -> list[Face]:
        rows = self._faces.get(image.sha256, []) + self._faces.get(os.path.realpath(image.source), [])
        for number, face in rows:
            if _fraction_inside(face, image) < MIN_INSIDE:
                x0, y0, x1, y1 = (float(v) for v in face.box)
                raise ValueError(
                    f"row {number} of {self._file.name}: the box {x0:g} {y0:g} {x1:g} {y1:g} lies outside the image of "
                    f"{image.width} × {image.height} px; x0 y0 x1 y1 must be px of the upright image"
                )
        faces = [face for _, face in sorted(rows, key=lambda row: row[0])]
        return order_faces(faces, image, self._select) if self._select else faces


def _fraction_inside(face: Face, image: Image) -> float:
    """Fraction of the box that lies inside the image, 0 to 1."""
    x0, y0, x1, y1 = (float(v) for v in face.box)
    width, height = min(x1, image.width) - max(x0, 0.0), min(y1, image.height) - max(y0, 0.0)
    return max(width, 0.0) * max(height, 0.0) / ((x1 - x0) * (y1 - y0))
