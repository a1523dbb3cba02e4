"""The detector ``dlib_hog``."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Annotated, ClassVar

import dlib
from pydantic import Field

from dysfw.plugin import Select, UInt8, Weights, sha256_of

from .detect import Detection, DlibDetector

MIN_SCORE = 0.2  # with lower scores, nearly every pattern is detected as a face


class DlibHog(DlibDetector):
    """dlib's frontal face detector: histograms of oriented gradients and a linear classifier.

    Dalal and Triggs, CVPR 2005; Davis King, 2014. One of the two detectors in the paper's notebook, intended for CPUs. It
    finds upright, frontal faces. It detects the eyes; the tip of the nose and the corners of the mouth are estimated from the
    eyes and the base of the nose, assuming a frontal face. Images are scaled to at most 16 megapixels.

    Args:
        select: Which face to use if there are several, see ``dysfw.imaging.face_selection.order_faces``.
        min_face: Side of the smallest face to detect, as a fraction of the image's shorter side, above 0 to 1.
        threshold: Minimum score of a face, from 0.2 to below 1. The score is the logistic function of dlib's confidence; 0.5
            corresponds to dlib's own threshold.

    Raises:
        ValueError: If a value is invalid.
    """

    min_score: ClassVar[float] = MIN_SCORE
    max_pixels: ClassVar[float] = 16e6

    def __init__(
        self,
        select: Select = "central",
        min_face: Annotated[float, Field(gt=0, le=1)] = 0.1,
        threshold: Annotated[float, Field(ge=MIN_SCORE, lt=1)] = 0.5,
    ) -> None:
        super().__init__(select, min_face, threshold)
        self._detector = dlib.get_frontal_face_detector()

    def find(self, pixels: UInt8) -> list[Detection]:
        """Find faces in pixels uint8 [h, w, 3]."""
        rectangles, confidences, _ = self._detector.run(pixels, 0, math.log(self._threshold / (1 - self._threshold)))
        return list(zip(rectangles, confidences, strict=True))

    def weights(self) -> tuple[Weights, ...]:
        """The detector and the weight file of the landmarks.

        The detector is compiled into dlib. Its hash is that of the file that dlib saves.
        """
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "detector.svm")
            self._detector.save(str(file))
            compiled = Weights("dlib frontal face detector", sha256_of(file), "BSL-1.0", f"dlib {dlib.__version__}")
        return (compiled, *super().weights())
