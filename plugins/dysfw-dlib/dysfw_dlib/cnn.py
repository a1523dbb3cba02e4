"""The detector ``dlib_cnn``."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

import dlib
from pydantic import Field

from dysfw.plugin import Select, UInt8, Weights

from .detect import Detection, DlibDetector
from .weightfile import checked_model

MODEL = ("mmod_human_face_detector.dat", 729_940, "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6")
MIN_SCORE = 0.5  # lower-scoring faces are not returned by dlib


class DlibCnn(DlibDetector):
    """dlib's convolutional face detector (max-margin object detection: King, arXiv:1502.00046).

    One of the two detectors in the paper's notebook, intended for GPUs: on a CPU it takes about a second per image. It copes
    better with turned faces than ``dlib_hog``. It detects the eyes; the tip of the nose and the corners of the mouth are
    estimated from the eyes and the base of the nose, assuming a frontal face. Images are downscaled to at most 2 megapixels,
    because the network needs about 1 GB of memory per megapixel.

    Args:
        select: Which face to use if there are several, see ``dysfw.imaging.face_selection.order_faces``.
        min_face: Side of the smallest face to detect, as a fraction of the image's shorter side, above 0 to 1.
        threshold: Minimum score of a face, from 0.5 to below 1. The score is the logistic function of dlib's confidence.
        device: "cpu", or "cuda:0" and so on if dlib was built with CUDA. dlib-bin was not.

    Raises:
        ValueError: If a value is invalid, or this dlib cannot use the device.
    """

    min_score: ClassVar[float] = MIN_SCORE
    max_pixels: ClassVar[float] = 2e6

    def __init__(
        self,
        select: Select = "central",
        min_face: Annotated[float, Field(gt=0, le=1)] = 0.1,
        threshold: Annotated[float, Field(ge=MIN_SCORE, lt=1)] = 0.5,
        device: str = "cpu",
    ) -> None:
        super().__init__(select, min_face, threshold)
        path, self._model_weights = checked_model(*MODEL)
        if device != "cpu":
            dlib.cuda.set_device(_cuda_device(device))
        self._detector = dlib.cnn_face_detection_model_v1(str(path))

    def find(self, pixels: UInt8) -> list[Detection]:
        """Find faces in pixels uint8 [h, w, 3]."""
        return [(one.rect, one.confidence) for one in self._detector(pixels, 0)]

    def weights(self) -> tuple[Weights, ...]:
        """The weight files of the detector and of the landmarks."""
        return (self._model_weights, *super().weights())


def _cuda_device(device: str) -> int:
    """The index of a GPU; raises ValueError if this dlib cannot use it."""
    available = range(dlib.cuda.get_num_devices() if dlib.DLIB_USE_CUDA else 0)
    match = re.fullmatch(r"cuda(?::(\d+))?", device)
    if match and int(match[1] or 0) in available:
        return int(match[1] or 0)
    allowed = ", ".join(["cpu", *(f"cuda:{number}" for number in available)])
    message = f"device {device!r} is not available: this dlib can use {allowed}"
    if not available:
        message += ". Set device: cpu for this detector, or install a dlib that was built with CUDA"
    raise ValueError(message)
