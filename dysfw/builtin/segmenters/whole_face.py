"""The segmenter ``whole_face``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...contracts.components import Segmenter
from ...types import Face, Float32, Image, Region, Segmentation


class WholeFace(Segmenter):
    """Uses the detector's box, rotated with the face, as the only region: a baseline for other segmenters."""

    @property
    def regions(self) -> tuple[str, ...]:
        """The single region ``face``."""
        return ("face",)

    def segment(self, images: Sequence[Image], faces: Sequence[Face]) -> list[Segmentation]:
        """Segment each face."""
        return [Segmentation((Region("face", _rotated_box(face)),)) for face in faces]


def _rotated_box(face: Face) -> Float32:
    x0, y0, x1, y1 = (float(v) for v in face.box)
    width, height = x1 - x0, y1 - y0
    if abs(np.sin(face.roll)) > np.sqrt(0.5):  # a face on its side: the box is as wide as the face is high
        width, height = height, width
    cos, sin = np.cos(face.roll), np.sin(face.roll)
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    centre = np.array([x0 + x1, y0 + y1]) / 2
    return np.asarray(corners @ np.array([[cos, sin], [-sin, cos]]) + centre, np.float32)
