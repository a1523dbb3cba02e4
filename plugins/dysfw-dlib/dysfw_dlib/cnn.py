"""The detector ``dlib_cnn``."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

import dlib
from pydantic import Field

from dysfw.plugin import Select, UInt8, Weights

from .detect import DlibDetector, Hit
from .weightfile import checked_model

MODEL = ("mmod_human_face_detector.dat", 729_940, "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6")
LEAST = 0.5  # score


class DlibCnn(DlibDetector):
    """dlib's convolutional face detector (max-margin object detection: King, arXiv:1502.00046). One of the two of the paper's
    own notebook, and the one for GPUs: a photograph takes a second on a processor.

    It bears turned faces better than ``dlib_hog``. The eyes are found; the tip of the nose and the corners of the mouth are
    estimated from the eyes and the base of the nose, as in a frontal face.

    select: which face to judge where there are several, see ``dysfw.imaging.face_selection.order_faces``. min_face: side of the smallest face
    looked for, as a fraction of the image's shorter side, above 0 to 1. threshold: the least score, 0.5 (dlib's own line) to
    below 1; the score is the logistic function of dlib's confidence. device: "cpu", or "cuda:0" where dlib was built with CUDA
    (dlib-bin is not); then it computes there. A photograph is scaled to 2 megapixels at most, because the
    network needs much memory for each. Raises ValueError for a device that this dlib does not have.
    """

    least_score: ClassVar[float] = LEAST
    most_pixels: ClassVar[float] = 2e6

    def __init__(
        self,
        select: Select = "central",
        min_face: Annotated[float, Field(gt=0, le=1)] = 0.1,
        threshold: Annotated[float, Field(ge=LEAST, lt=1)] = 0.5,
        device: str = "cpu",
    ) -> None:
        super().__init__(select, min_face, threshold)
        path, self._model_weights = checked_model(*MODEL)
        if device != "cpu":
            dlib.cuda.set_device(_cuda_device(device))
        self._detector = dlib.cnn_face_detection_model_v1(str(path))

    def find(self, pixels: UInt8) -> list[Hit]:
        return [(found.rect, found.confidence) for found in self._detector(pixels, 0)]

    def weights(self) -> tuple[Weights, ...]:
        return (self._model_weights, *super().weights())


def _cuda_device(device: str) -> int:
    """The number of a GPU. Raises ValueError where this dlib does not have it."""
    there = range(dlib.cuda.get_num_devices() if dlib.DLIB_USE_CUDA else 0)
    wanted = re.fullmatch(r"cuda(?::(\d+))?", device)
    if wanted and int(wanted[1] or 0) in there:
        return int(wanted[1] or 0)
    allowed = ", ".join(["cpu", *(f"cuda:{number}" for number in there)])
    message = f"device {device!r} was asked for; this dlib has {allowed}"
    if not there:
        message += ". Set device: cpu for this detector, or install a dlib that was built with CUDA"
    raise ValueError(message)
