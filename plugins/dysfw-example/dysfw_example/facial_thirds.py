"""The segmenter ``facial_thirds``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dysfw.components import Segmenter
from dysfw.types import Face, Image, Region, Segmentation

NAMES = ("upper_third", "middle_third", "lower_third")
# Along the line from the eyes to the mouth, in units of that line's length: hairline, brows, base of the nose, chin. The
# classical canon has the three parts equally high (Farkas et al., Plast Reconstr Surg 1985;75:328).
HEIGHTS = (-1.25, -0.3, 0.65, 1.6)


class FacialThirds(Segmenter):
    """The face from hairline to chin in three bands of equal height, placed by the eyes and the mouth.

    width: of the bands, in units of the distance between the eyes, > 0.
    """

    def __init__(self, width: float = 2.0) -> None:
        if width <= 0:
            raise ValueError(f"width must be above 0, found {width}")
        self.width = width

    @property
    def regions(self) -> tuple[str, ...]:
        return NAMES

    def segment(self, images: Sequence[Image], faces: Sequence[Face]) -> list[Segmentation]:
        return [self._segment(image, face) for image, face in zip(images, faces, strict=True)]

    def _segment(self, image: Image, face: Face) -> Segmentation:
        eyes = face.landmarks[:2].mean(axis=0)
        down = face.landmarks[3:].mean(axis=0) - eyes  # from the eyes to the mouth
        half = (face.landmarks[1] - face.landmarks[0]) * self.width / 2
        regions, absent = [], {}
        for name, top, bottom in zip(NAMES, HEIGHTS[:-1], HEIGHTS[1:], strict=True):
            above, below = eyes + top * down, eyes + bottom * down
            polygon = np.array([above - half, above + half, below + half, below - half], np.float32)
            centre = polygon.mean(axis=0)
            if (centre < 0).any() or (centre > [image.width, image.height]).any():
                absent[name] = "out of the image"
            else:
                regions.append(Region(name, polygon))
        return Segmentation(tuple(regions), absent)
