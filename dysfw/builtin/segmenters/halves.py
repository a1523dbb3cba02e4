"""The face in two halves: for signs that one of them shows and the other does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from ...contracts.components import Segmenter
from ...types import Face, Image, Segmentation
from .face_axes import MIN_HEIGHT, Box, FaceAxes

By = Literal["sides", "levels"]

# Base of the nose (subnasale) between the height of its tip, 0, and that of the mouth, 1: mean of 48 phantoms, the tip and the
# mouth found by MTCNN, the subnasale by MediaPipe's face mesh; standard deviation 0.07.
SUBNASALE = 0.35
# Above the brows, and below the lower lip, in units from the eyes and from the mouth.
BROWS, LIP = -0.45, 0.35


class Halves(Segmenter):
    """The face in two halves, placed by the five landmarks.

    by: "sides": the subject's right and left, right_half and left_half, for asymmetry as in facial palsy. They meet halfway
    between the pupils, at a right angle to the line through them, the midline of those who measure palsies (Guarin et al., JAMA
    Facial Plast Surg 2018;20:335): a palsy moves the mouth and the tip of the nose aside, not the orbits. They reach from
    above the brows to below the lower lip: a crop is square, and were they as high as the face, each would show the other as
    well. What trains trunks does not mirror regions that are called right or left.

    "levels": upper_half and lower_half, which meet at the base of the nose (subnasale), where anthropometry begins the lower
    face (Farkas, Anthropometry of the Head and Face, 1994); the middle of the face would cut through the nose. A central palsy
    spares brow and lids, which both hemispheres move. Together they cover the face as ``landmark_boxes`` places it.
    """

    def __init__(self, by: By = "sides") -> None:
        if by not in get_args(By):
            raise ValueError(f"by must be {' or '.join(get_args(By))}, found {by!r}")
        self._by = by

    @property
    def regions(self) -> tuple[str, ...]:
        return ("right_half", "left_half") if self._by == "sides" else ("upper_half", "lower_half")

    def segment(self, images: Sequence[Image], faces: Sequence[Face]) -> list[Segmentation]:
        boxes = _sides if self._by == "sides" else _levels
        frames = [FaceAxes.of(face) for face in faces]
        return [axes.segment(boxes(axes), image) for axes, image in zip(frames, images, strict=True)]


def _sides(axes: FaceAxes) -> dict[str, Box]:
    left, _, right, _ = axes.face
    top, bottom = BROWS * axes.unit, axes.mouth[1] + LIP * axes.unit
    return {"right_half": (left, top, 0.0, bottom), "left_half": (0.0, top, right, bottom)}


def _levels(axes: FaceAxes) -> dict[str, Box]:
    left, top, right, bottom = axes.face
    base = axes.nose[1] + SUBNASALE * (axes.mouth[1] - axes.nose[1])
    edge = MIN_HEIGHT * axes.unit  # a bowed or raised head can bring the nose near the edge of the face
    base = min(max(base, top + edge), bottom - edge)
    return {"upper_half": (left, top, right, base), "lower_half": (left, base, right, bottom)}
