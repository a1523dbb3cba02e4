"""The segmenter ``facial_thirds``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull

from dysfw.plugin import Face, Float32, Image, Region, Segmentation, Segmenter

from .skin import SkinColour

NAMES = ("upper_third", "middle_third", "lower_third")
# Along the line from the eyes to the mouth, in units of that line's length: hairline, brows, base of the nose, chin. The
# classical canon has the three parts equally high (Farkas et al., Plast Reconstr Surg 1985;75:328).
HEIGHTS = (-1.25, -0.3, 0.65, 1.6)
ROWS, COLUMNS = 24, 56  # points of a third that are looked at


class FacialThirds(Segmenter):
    """The face from hairline to chin in three bands of equal height, placed by the eyes and the mouth; of each, what lies
    within the outline of the skin that can be seen. A third that hair, a cap or a mask covers is absent.

    width: of the bands, in distances between the eyes, above 0. least: the part of a band that must show skin, 0 to 1; 0 takes
    the whole band, whatever it shows. tolerance: how far a colour may be from that of this face's cheeks, in their standard
    deviations, above 0. Raises ValueError for any other.
    """

    def __init__(self, width: float = 2.0, least: float = 0.3, tolerance: float = 4.0) -> None:
        if not width > 0:
            raise ValueError(f"width must be above 0, found {width}")
        if not 0 <= least <= 1:
            raise ValueError(f"least must be a part of the band, from 0 to 1, found {least}")
        if not tolerance > 0:
            raise ValueError(f"tolerance must be above 0, found {tolerance}")
        self.width, self.least, self.tolerance = width, least, tolerance

    @property
    def regions(self) -> tuple[str, ...]:
        return NAMES

    def segment(self, images: Sequence[Image], faces: Sequence[Face]) -> list[Segmentation]:
        return [self._segment(image, face) for image, face in zip(images, faces, strict=True)]

    def _segment(self, image: Image, face: Face) -> Segmentation:
        right, left = face.landmarks[:2]
        eyes = (right + left) / 2
        down = face.landmarks[3:].mean(axis=0) - eyes  # from the eyes to the mouth
        across = (left - right) * self.width
        regions, absent = [], {}
        skin = SkinColour.of(image, face) if self.least else None
        for name, top, bottom in zip(NAMES, HEIGHTS[:-1], HEIGHTS[1:], strict=True):
            corner = eyes + top * down - across / 2
            frame = np.stack([across, (bottom - top) * down, corner])  # (u, v, 1) @ frame: a point of the band
            if not _inside(np.array([0.5, 0.5, 1]) @ frame, image):
                absent[name] = "out of the image"
            elif skin is None:
                regions.append(Region(name, _whole(frame)))
            else:
                outline, share = self._skin(image, skin, frame)
                if outline is None:
                    absent[name] = f"covered: {share:.0%} of it is skin"
                else:
                    regions.append(Region(name, outline))
        return Segmentation(tuple(regions), absent)

    def _skin(self, image: Image, skin: SkinColour, frame: Float32) -> tuple[Float32 | None, float]:
        """The outline of a band's skin, float32 [V, 2] px, None where there is too little; and its part of the band."""
        v, u = np.mgrid[:ROWS, :COLUMNS]
        grid = np.stack([(u + 0.5) / COLUMNS, (v + 0.5) / ROWS, np.ones_like(u, float)], axis=-1)
        seen = skin.distance(image, grid @ frame) <= self.tolerance
        patches, _ = ndimage.label(ndimage.binary_opening(seen))
        sizes = np.bincount(patches.ravel())[1:]
        share = float(sizes.max(initial=0)) / seen.size
        if share < max(self.least, 3 / seen.size):
            return None, share
        points = grid[patches == sizes.argmax() + 1]
        corners = points[ConvexHull(points[:, :2]).vertices]  # so that brows, eyes and lips are in
        return (corners @ frame).astype(np.float32), share


def _whole(frame: Float32) -> Float32:
    return np.array([(0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)] @ frame, np.float32)


def _inside(point: Float32, image: Image) -> bool:
    return bool((point >= 0).all() and (point <= [image.width, image.height]).all())
