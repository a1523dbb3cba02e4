"""Base class of dlib's two face detectors: image scaling, five landmarks, order of the faces."""

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

MIN_FACE_SIDE = 80  # px: side of the smallest face that the detectors find
MIN_IMAGE_SIDE = 40  # px: narrower images cannot contain a face, and dlib's network cannot process them
MAX_SCALE = 2.0
LANDMARKS = (
    "shape_predictor_5_face_landmarks.dat",
    9_150_489,
    "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
)

Float64 = npt.NDArray[np.float64]
# Landmarks of a frontal face, relative to the midpoint of the eyes, in units of the distance between MTCNN's eyes.
# DLIB_POINTS: dlib's eyes (means of their corners) and base of the nose. ESTIMATED_POINTS: MTCNN's nose and mouth. Medians of
# 160 phantoms, made symmetric: benchmarks/landmark_constants.py.
DLIB_POINTS = np.array([(-0.495, 0.04), (0.495, 0.04), (0.0, 0.80)])
ESTIMATED_POINTS = np.array([(0.0, 0.61), (-0.393, 1.14), (0.393, 1.14)])
# On the same phantoms, the side of dlib's square box is 0.77 times the height of MTCNN's, and its centre is 0.08 of that lower.
BOX_SCALE, BOX_SHIFT = 1.3, 0.1

Detection = tuple[Any, float]  # dlib's rectangle and confidence


class DlibDetector(Detector):
    """Base class of dlib's detectors.

    Images are scaled so that the smallest face is 80 px, but at most to twice their size and to ``max_pixels``. Subclasses
    implement ``find``.

    Args:
        select: Which face to use if there are several, see ``dysfw.imaging.face_selection.order_faces``.
        min_face: Side of the smallest face to detect, as a fraction of the image's shorter side, above 0 to 1.
        threshold: Minimum score of a face.

    Attributes:
        min_score: Lowest threshold that the subclass allows.
        max_pixels: Maximum number of pixels of the scaled image.
    """

    min_score: ClassVar[float]
    max_pixels: ClassVar[float]

    def __init__(self, select: Select, min_face: float, threshold: float) -> None:
        check_select(select)
        if not 0 < min_face <= 1:
            raise ValueError(f"min_face must be a fraction of the image's shorter side, above 0 to 1, found {min_face}")
        if not self.min_score <= threshold < 1:
            raise ValueError(f"threshold must be a score from {self.min_score} to below 1, found {threshold}")
        self._select, self._min_face, self._threshold = select, min_face, threshold
        path, self._landmark_weights = checked_model(*LANDMARKS)
        self._lock = threading.Lock()  # dlib's detectors are not thread-safe
        self._predictor = dlib.shape_predictor(str(path))

    @abstractmethod
    def find(self, pixels: UInt8) -> list[Detection]:
        """Find faces of at least 80 px, with dlib's confidence.

        Args:
            pixels: uint8 [h, w, 3], RGB.
        """

    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        """Detect the faces of each image, the selected one first; an empty list if there is none."""
        return [order_faces(self._faces(image), image, self._select) for image in images]

    def weights(self) -> tuple[Weights, ...]:
        """The weight file of the landmarks."""
        return (self._landmark_weights,)

    def _scaled(self, image: Image) -> UInt8:
        smallest = MIN_FACE_SIDE / (self._min_face * min(image.width, image.height))
        scale = min(MAX_SCALE, smallest, math.sqrt(self.max_pixels / (image.width * image.height)))
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        return np.array(Pillow.fromarray(image.pixels).resize(size, Pillow.Resampling.BILINEAR, reducing_gap=2.0))

    def _faces(self, image: Image) -> list[Face]:
        pixels = self._scaled(image)
        if min(pixels.shape[:2]) < MIN_IMAGE_SIDE:
            return []
        to_image = np.array([image.width / pixels.shape[1], image.height / pixels.shape[0]])
        faces = []
        with self._lock:
            detections = self.find(pixels)
        for rectangle, confidence in detections:
            score = 1 / (1 + math.exp(-confidence))
            if score >= self._threshold:
                box = _box(rectangle) * np.tile(to_image, 2)
                landmarks = _five_landmarks(self._predictor(pixels, rectangle)) * to_image
                faces.append(Face(box.astype(np.float32), score, landmarks.astype(np.float32)))
        return faces


def _box(rectangle: Any) -> Float64:  # noqa: ANN401  # dlib has no types
    """Convert dlib's square to the size and position of MTCNN's boxes, to which ``crop.min_side`` and ``crop.margin`` refer."""
    side = float(rectangle.right() - rectangle.left() + 1)
    x, y = rectangle.left() + side / 2, rectangle.top() + side / 2 - BOX_SHIFT * side
    half = BOX_SCALE * side / 2
    return np.array([x - half, y - half, x + half, y + half])


def _five_landmarks(shape: Any) -> Float64:  # noqa: ANN401
    """Five landmarks float64 [5, 2]; nose and mouth by an affine map of a frontal face that fits the detected points."""
    points = _eyes_and_base(shape)
    sides = np.stack([DLIB_POINTS[1] - DLIB_POINTS[0], DLIB_POINTS[2] - DLIB_POINTS[0]])
    linear = np.linalg.solve(sides, np.stack([points[1] - points[0], points[2] - points[0]]))
    return np.concatenate([points[:2], points[0] + (ESTIMATED_POINTS - DLIB_POINTS[0]) @ linear])


def _eyes_and_base(shape: Any) -> Float64:  # noqa: ANN401
    """Right and left eye (means of their corners) and base of the nose, float64 [3, 2]."""
    corners = np.array([(point.x + 0.5, point.y + 0.5) for point in shape.parts()])
    return np.stack([corners[2:4].mean(axis=0), corners[:2].mean(axis=0), corners[4]])
