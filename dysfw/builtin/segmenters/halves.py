"""The segmenter ``halves``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from ...contracts.components import Segmenter
from ...types import Face, Image, Segmentation
from .face_axes import MIN_HEIGHT, Box, FaceAxes

By = Literal["sides", "levels"]

# Height of the base of the nose (subnasale), from the tip of the nose, 0, to the mouth, 1. Mean of 48 phantoms, with tip and
# mouth by MTCNN and the subnasale by MediaPipe's face mesh; standard deviation 0.07.
SUBNASALE = 0.35
# Upper edge above the brows, from the eyes, and lower edge below the lower lip, from the mouth, in units.
BROWS, LIP = -0.45, 0.35


class Halves(Segmenter):
    """Divides the face into two halves, placed by the five landmarks.

    ``by: sides`` gives right_half and left_half, the subject's, for asymmetries such as facial palsy. They meet at the line
    halfway between the pupils and perpendicular to the eye line, as in measurements of palsies (Guarin et al., JAMA Facial
    Plast Surg 2018;20:335), because a palsy moves the mouth and the tip of the nose, but not the orbits. They reach from above
    the brows to below the lower lip; crops are square, so higher halves would also show the other side. Training does not
    mirror regions called right or left.

    ``by: levels`` gives upper_half and lower_half, which together cover the region ``face`` of ``landmark_boxes``. They meet at
    the base of the nose (subnasale), the upper end of the lower face in anthropometry (Farkas, Anthropometry of the Head and
    Face, 1994). A central palsy spares the brow and the lids, which both hemispheres innervate.

    Args:
        by: "sides" for right and left half, "levels" for upper and lower half.
    """

    def __init__(self, by: By = "sides") -> None:
        if by not in get_args(By):
            raise ValueError(f"by must be {' or '.join(get_args(By))}, found {by!r}")
        self._by = by

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the halves."""
        return ("right_half", "left_half") if self._by == "sides" else ("upper_half", "lower_half")

    def segment(self, images: Sequence[Image], faces: Sequence[Face]) -> list[Segmentation]:
        """Segment each face."""
        boxes = _sides if self._by == "sides" else _levels
        all_axes = [FaceAxes.of(face) for face in faces]
        return [axes.segment(boxes(axes), image) for axes, image in zip(all_axes, images, strict=True)]


def _sides(axes: FaceAxes) -> dict[str, Box]:
    left, _, right, _ = axes.face
    top, bottom = BROWS * axes.unit, axes.mouth[1] + LIP * axes.unit
    return {"right_half": (left, top, 0.0, bottom), "left_half": (0.0, top, right, bottom)}


def _levels(axes: FaceAxes) -> dict[str, Box]:
    left, top, right, bottom = axes.face
    base = axes.nose[1] + SUBNASALE * (axes.mouth[1] - axes.nose[1])
    edge = MIN_HEIGHT * axes.unit  # if the head is bowed or raised, the nose can reach the edge of the face
    base = min(max(base, top + edge), bottom - edge)
    return {"upper_half": (left, top, right, base), "lower_half": (left, base, right, bottom)}
