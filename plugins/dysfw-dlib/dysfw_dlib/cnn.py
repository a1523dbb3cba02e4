"""The detector ``dlib_cnn``."""

from __future__ import annotations

from typing import Annotated

import dlib
from pydantic import Field

from dysfw.selection import Select
from dysfw.types import UInt8, Weights

from .detect import DlibDetector, Hit
from .weightfile import checked_model

MODEL = ("mmod_human_face_detector.dat", 729_940, "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6")


class DlibCnn(DlibDetector):
    """dlib's convolutional face detector (max-margin object detection: King, arXiv:1502.00046). One of the two of the paper's
    own notebook, and the one for GPUs: a photograph takes a second on a processor.

    It bears turned faces better than ``dlib_hog``. The eyes are found; the tip of the nose and the corners of the mouth are
    estimated from the eyes and the base of the nose, as in a frontal face.

    select: which face to judge where there are several, see ``dysfw.selection.order``. min_face: side of the smallest face
    looked for, as a fraction of the image's shorter side, above 0 to 1. threshold: the least score, 0 to below 1; the score is
    the logistic function of dlib's confidence. device: "cpu", or "cuda:0" where dlib was built with CUDA (dlib-bin is not);
    then it computes there. Raises ValueError for a device that this dlib does not have.
    """

    def __init__(
        self,
        select: Select = "central",
        min_face: Annotated[float, Field(gt=0, le=1)] = 0.1,
        threshold: Annotated[float, Field(ge=0, lt=1)] = 0.5,
        device: str = "cpu",
    ) -> None:
        super().__init__(select, min_face, threshold)
        if device != "cpu" and not (device.startswith("cuda") and dlib.DLIB_USE_CUDA):
            raise ValueError(
                f"device {device!r} was asked for, but this dlib was built without it; set device: cpu for this detector, or "
                "install a dlib that was built with CUDA"
            )
        path, self._model_weights = checked_model(*MODEL)
        if device.startswith("cuda"):
            dlib.cuda.set_device(int(device.partition(":")[2] or 0))
        self._detector = dlib.cnn_face_detection_model_v1(str(path))

    def find(self, pixels: UInt8) -> list[Hit]:
        return [(found.rect, found.confidence) for found in self._detector(pixels, 0)]

    def weights(self) -> tuple[Weights, ...]:
        return (self._model_weights, *super().weights())
