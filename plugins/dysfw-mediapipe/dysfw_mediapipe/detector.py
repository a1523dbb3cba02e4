"""The detector ``blazeface``: MediaPipe's, made for telephones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from dysfw.plugin import Detector, Face, Float32, Image, Select, Weights, check_select, order_faces

from .model import find_detector
from .process import Process

# Medians over 160 phantoms against MTCNN (benchmarks/landmark_constants.py): half the width of the mouth in distances
# between the eyes; BlazeFace's box is a square of 0.81 (short) and 0.85 (full) of the height of MTCNN's, lower by 0.10 and 0.06
# of that.
HALF_MOUTH = 0.39
ENLARGED, RAISED = 1.2, 0.09


class Blazeface(Detector):
    """BlazeFace (Bazarevsky et al., arXiv:1907.05047), by MediaPipe, in a millisecond or two an image. Finds upright faces.

    Eyes and nose are found; of the mouth only its centre, so that its corners are estimated: on a line parallel to the eyes, as
    far apart as in a usual face. Boxes are brought to the size and place of MTCNN's.

    select: which face to judge where there are several, see ``dysfw.imaging.face_selection.order_faces``. reach: "short" finds faces that
    are about a seventh of the image's longer side high, and larger ones, "full" from a sixteenth on; None takes full where
    mediapipe brings it. threshold: the least score, 0.1 to below 1. model: a ``face_landmarker.task``, in a recipe
    face-landmarker, whose detector (short) is then used; None takes mediapipe's own, which it brings up to 0.10.21.

    Raises ValueError where a value is wrong, DysfwError where there is no model or the file is not the published one.
    """

    def __init__(
        self,
        select: Select = "central",
        reach: Literal["short", "full"] | None = None,
        threshold: Annotated[float, Field(ge=0.1, lt=1)] = 0.5,
        model: Path | None = None,
    ) -> None:
        check_select(select)
        if not 0.1 <= threshold < 1:
            raise ValueError(f"threshold must be a score from 0.1 to below 1, found {threshold}")
        if reach not in ("short", "full", None):
            raise ValueError(f"reach must be short or full, found {reach!r}")
        if model is not None and reach == "full":
            raise ValueError("the detector in a .task file reaches short only; leave reach out, or model")
        self._select, self._threshold = select, threshold
        chosen = reach or ("short" if model else "full")
        self._model = find_detector(model, chosen)
        self._process = Process("faces", chosen, *([str(self._model.task)] if self._model.task else []))

    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        """For each image its faces, the one to judge first; an empty list where there is none."""
        found = [self._process.ask(np.ascontiguousarray(image.pixels)) for image in images]
        faces = [[_face(row) for row in rows if row[0] >= self._threshold] for rows in found]
        return [order_faces(own, image, self._select) for own, image in zip(faces, images, strict=True)]

    def weights(self) -> tuple[Weights, ...]:
        return self._model.weights


def _face(row: Float32) -> Face:
    """row: as ``dysfw_mediapipe.worker`` writes it for the task faces."""
    x0, y0, x1, y1 = (float(v) for v in row[1:5])
    half, x, y = ENLARGED * (x1 - x0) / 2, (x0 + x1) / 2, (y0 + y1) / 2 - RAISED * (y1 - y0)
    right, left, nose, mouth = row[5:13].reshape(4, 2)
    aside = HALF_MOUTH * (left - right)
    landmarks = np.stack([right, left, nose, mouth - aside, mouth + aside]).astype(np.float32)
    return Face(np.array([x - half, y - half, x + half, y + half], np.float32), float(min(1, row[0])), landmarks)
