"""The detector ``blazeface``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from dysfw.plugin import Detector, Face, Float32, Image, Select, Weights, check_select, order_faces

from .model import find_model
from .process import Process

# Medians over 160 phantoms, compared with MTCNN (benchmarks/landmark_constants.py). HALF_MOUTH: half the width of the mouth, in
# distances between the eyes. BlazeFace's box is a square with 0.80 of the height of MTCNN's box, and its centre is 0.09 of that
# lower.
HALF_MOUTH = 0.39
BOX_SCALE, BOX_SHIFT = 1.24, 0.11


class Blazeface(Detector):
    """BlazeFace by MediaPipe (Bazarevsky et al., arXiv:1907.05047), 1 to 2 ms per image.

    It finds upright faces with a height of at least about 1/7 of the image's longer side. It detects the eyes and the nose, but
    only the centre of the mouth: the corners of the mouth are estimated on a line parallel to the eyes, at a typical distance.
    Boxes are converted to the size and position of MTCNN's.

    Args:
        select: Which face to use if there are several, see ``dysfw.imaging.face_selection.order_faces``.
        threshold: Minimum score of a face, from 0.1 to below 1.

    Raises:
        ValueError: If a value is invalid.
        DysfwError: If the model file is missing or was changed.
    """

    def __init__(self, select: Select = "central", threshold: Annotated[float, Field(ge=0.1, lt=1)] = 0.5) -> None:
        check_select(select)
        if not 0.1 <= threshold < 1:
            raise ValueError(f"threshold must be a score from 0.1 to below 1, found {threshold}")
        self._select, self._threshold = select, threshold
        self._model = find_model()
        self._process = Process("faces", self._model.path)

    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        """Detect the faces of each image, the selected one first; an empty list if there is none."""
        detections = [self._process.request(np.ascontiguousarray(image.pixels)) for image in images]
        faces = [[_face(row) for row in rows if row[0] >= self._threshold] for rows in detections]
        return [order_faces(of_image, image, self._select) for of_image, image in zip(faces, images, strict=True)]

    def load(self) -> None:
        """Start mediapipe."""
        self._process.start()

    def weights(self) -> tuple[Weights, ...]:
        """The model file."""
        return (self._model.weights,)


def _face(row: Float32) -> Face:
    """Convert a row of the task "faces", see ``dysfw_mediapipe.worker``."""
    x0, y0, x1, y1 = (float(v) for v in row[1:5])
    half, x, y = BOX_SCALE * (x1 - x0) / 2, (x0 + x1) / 2, (y0 + y1) / 2 - BOX_SHIFT * (y1 - y0)
    right, left, nose, mouth = row[5:13].reshape(4, 2)
    to_corner = HALF_MOUTH * (left - right)
    landmarks = np.stack([right, left, nose, mouth - to_corner, mouth + to_corner]).astype(np.float32)
    return Face(np.array([x - half, y - half, x + half, y + half], np.float32), float(min(1, row[0])), landmarks)
