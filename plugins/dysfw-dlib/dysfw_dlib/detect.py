"""What dlib's two face detectors share: a photograph at the size they need, five landmarks, and the order of the faces."""

from __future__ import annotations

import math
import threading
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import dlib
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from dysfw.plugin import Detector, Face, Image, Select, UInt8, Weights, check_select, order_faces

from .weightfile import checked_model

SMALLEST = 80  # px: side of the smallest face that the detectors find
NARROWEST = 40  # px: half such a face. In narrower strips there is none, and dlib's network cannot take them
LARGEST_SCALE = 2.0
LANDMARKS = (
    "shape_predictor_5_face_landmarks.dat",
    9_150_489,
    "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
)

Float64 = npt.NDArray[np.float64]
# Landmarks of a frontal face, in distances between the eyes by MTCNN, from their middle: what dlib's predictor finds (eyes as
# means of their corners, base of the nose), and what MTCNN finds beside the eyes. Medians of 160 phantoms, right and left made
# alike: benchmarks/landmark_constants.py.
FOUND = np.array([(-0.495, 0.04), (0.495, 0.04), (0.0, 0.80)])
ESTIMATED = np.array([(0.0, 0.61), (-0.393, 1.14), (0.393, 1.14)])
# dlib's box is a square of 0.77 times the height of MTCNN's on the same phantoms, 0.08 of that lower.
ENLARGED, RAISED = 1.3, 0.1

Hit = tuple[Any, float]  # dlib's rectangle, and how sure


class DlibDetector(Detector):
    """A subclass finds rectangles, see ``find``, and says from which score on it can, and on how many pixels at most.

    select: which face to judge, see ``dysfw.imaging.face_selection.order_faces``. min_face: side of the smallest face looked for, as a fraction of
    the image's shorter side, above 0 to 1: the photograph is scaled so that such a face is 80 px, but to no more than twice its
    size and ``most_pixels``. threshold: the least score.
    """

    least_score: ClassVar[float]
    most_pixels: ClassVar[float]

    def __init__(self, select: Select, min_face: float, threshold: float) -> None:
        check_select(select)
        if not 0 < min_face <= 1:
            raise ValueError(f"min_face must be a fraction of the image's shorter side, above 0 to 1, found {min_face}")
        if not self.least_score <= threshold < 1:
            raise ValueError(f"threshold must be a score from {self.least_score} to below 1, found {threshold}")
        self._select, self._min_face, self._threshold = select, min_face, threshold
        path, self._landmark_weights = checked_model(*LANDMARKS)
        self._alone = threading.Lock()  # dlib's detectors work in memory of their own
        self._predictor = dlib.shape_predictor(str(path))

    @abstractmethod
    def find(self, pixels: UInt8) -> list[Hit]:
        """Faces of 80 px and more in pixels uint8 [h, w, 3], with dlib's own confidence."""

    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        """For each image its faces, the one to judge first; an empty list where there is none."""
        return [order_faces(self._faces(image), image, self._select) for image in images]

    def weights(self) -> tuple[Weights, ...]:
        return (self._landmark_weights,)

    def _scaled(self, image: Image) -> UInt8:
        wanted = SMALLEST / (self._min_face * min(image.width, image.height))
        scale = min(LARGEST_SCALE, wanted, math.sqrt(self.most_pixels / (image.width * image.height)))
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        return np.array(Pillow.fromarray(image.pixels).resize(size, Pillow.Resampling.BILINEAR, reducing_gap=2.0))

    def _faces(self, image: Image) -> list[Face]:
        pixels = self._scaled(image)
        if min(pixels.shape[:2]) < NARROWEST:
            return []
        back = np.array([image.width / pixels.shape[1], image.height / pixels.shape[0]])
        faces = []
        with self._alone:
            hits = self.find(pixels)
        for rectangle, confidence in hits:
            score = 1 / (1 + math.exp(-confidence))
            if score >= self._threshold:
                landmarks = _five(self._predictor(pixels, rectangle)) * back
                faces.append(Face((_box(rectangle) * np.tile(back, 2)).astype(np.float32), score, landmarks.astype(np.float32)))
        return faces


def _box(rectangle: Any) -> Float64:  # noqa: ANN401  # dlib has no types
    """dlib's square at the size and place of MTCNN's boxes, from which ``crop.min_side`` and ``crop.margin`` are measured."""
    side = float(rectangle.right() - rectangle.left() + 1)
    x, y = rectangle.left() + side / 2, rectangle.top() + side / 2 - RAISED * side
    half = ENLARGED * side / 2
    return np.array([x - half, y - half, x + half, y + half])


def _five(shape: Any) -> Float64:  # noqa: ANN401
    """float64 [5, 2]: the eyes as found; tip of the nose and corners of the mouth by the affine map that takes a frontal face's
    eyes and base of the nose to those found."""
    found = _eyes_and_base(shape)
    sides = np.stack([FOUND[1] - FOUND[0], FOUND[2] - FOUND[0]])
    linear = np.linalg.solve(sides, np.stack([found[1] - found[0], found[2] - found[0]]))
    return np.concatenate([found[:2], found[0] + (ESTIMATED - FOUND[0]) @ linear])


def _eyes_and_base(shape: Any) -> Float64:  # noqa: ANN401
    """float64 [3, 2]: right and left eye as the means of their corners, base of the nose."""
    corners = np.array([(point.x + 0.5, point.y + 0.5) for point in shape.parts()])
    return np.stack([corners[2:4].mean(axis=0), corners[:2].mean(axis=0), corners[4]])
