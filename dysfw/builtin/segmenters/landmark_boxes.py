"""The segmenter ``landmark_boxes``."""

from __future__ import annotations

from collections.abc import Sequence

from ...contracts.components import Segmenter
from ...types import ANATOMY, Face, Image, Segmentation
from .face_axes import Box, FaceAxes


class LandmarkBoxes(Segmenter):
    """Places seven anatomical boxes by the five landmarks. Works with every detector; a baseline for other segmenters.

    Boxes are aligned with the eye line and sized in units of the distance between the pupils. Their proportions loosely follow
    the facial canons (thirds of equal height, nose as wide as the distance between the eyes), with a generous margin. They
    adapt to nothing but the landmarks.
    """

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions in ``dysfw.types.ANATOMY``."""
        return ANATOMY

    def segment(self, images: Sequence[Image], faces: Sequence[Face]) -> list[Segmentation]:
        """Segment each face."""
        all_axes = [FaceAxes.of(face) for face in faces]
        return [axes.segment(_boxes(axes), image) for axes, image in zip(all_axes, images, strict=True)]


def _boxes(axes: FaceAxes) -> dict[str, Box]:
    unit, (nose_x, nose_y), (mouth_x, mouth_y) = axes.unit, axes.nose, axes.mouth
    # centre x, half width, top, bottom
    parts = {
        "forehead": (0.0, 0.9 * unit, -1.15 * unit, -0.3 * unit),
        "periorbital": (0.0, 0.95 * unit, -0.45 * unit, 0.4 * unit),
        "nose": (nose_x, 0.45 * unit, -0.15 * unit, nose_y + 0.25 * unit),
        "philtrum": ((nose_x + mouth_x) / 2, 0.35 * unit, nose_y + 0.1 * unit, mouth_y),
        "mouth": (mouth_x, 0.6 * unit, mouth_y - 0.3 * unit, mouth_y + 0.35 * unit),
        "chin": (mouth_x, 0.6 * unit, mouth_y + 0.15 * unit, mouth_y + 0.95 * unit),
    }
    return {"face": axes.face} | {name: (x - half, top, x + half, bottom) for name, (x, half, top, bottom) in parts.items()}
