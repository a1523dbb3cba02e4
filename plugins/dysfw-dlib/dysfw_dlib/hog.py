"""The detector ``dlib_hog``."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Annotated, ClassVar

import dlib
from pydantic import Field

from dysfw.plugin import Select, UInt8, Weights, sha256_of

from .detect import DlibDetector, Hit

LEAST = 0.2  # score; below it nearly every pattern is a face


class DlibHog(DlibDetector):
    """dlib's frontal face detector: histograms of oriented gradients and a linear classifier (Dalal and Triggs, CVPR 2005;
    Davis King, 2014). One of the two of the paper's own notebook, and the one for processors.

    It finds upright faces seen from the front. The eyes are found; the tip of the nose and the corners of the mouth are
    estimated from the eyes and the base of the nose, as in a frontal face.

    select: which face to judge where there are several, see ``dysfw.imaging.face_selection.order_faces``. min_face: side of the smallest face
    looked for, as a fraction of the image's shorter side, above 0 to 1. threshold: the least score, 0.2 to below 1; the
    score is the logistic function of dlib's confidence, which is 0 where dlib itself draws the line. A photograph is scaled to
    16 megapixels at most.
    """

    least_score: ClassVar[float] = LEAST
    most_pixels: ClassVar[float] = 16e6

    def __init__(
        self,
        select: Select = "central",
        min_face: Annotated[float, Field(gt=0, le=1)] = 0.1,
        threshold: Annotated[float, Field(ge=LEAST, lt=1)] = 0.5,
    ) -> None:
        super().__init__(select, min_face, threshold)
        self._detector = dlib.get_frontal_face_detector()

    def find(self, pixels: UInt8) -> list[Hit]:
        rectangles, confidences, _ = self._detector.run(pixels, 0, math.log(self._threshold / (1 - self._threshold)))
        return list(zip(rectangles, confidences, strict=True))

    def weights(self) -> tuple[Weights, ...]:
        """The detector itself is compiled into dlib: its hash is that of the file as which dlib saves it."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "detector.svm")
            self._detector.save(str(file))
            compiled = Weights("dlib frontal face detector", sha256_of(file), "BSL-1.0", f"dlib {dlib.__version__}")
        return (compiled, *super().weights())
