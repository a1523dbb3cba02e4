"""The segmenter ``facial_thirds``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull

from dysfw.plugin import Face, Float32, Image, Region, Segmentation, Segmenter

from .skin import SkinColour

NAMES = ("upper_third", "middle_third", "lower_third")
# Position of hairline, eyebrows, base of the nose and chin along the line from the eyes to the mouth, in units of its length.
# In the classical canon the three thirds have equal heights (Farkas et al., Plast Reconstr Surg 1985;75:328-338).
HEIGHTS = (-1.25, -0.3, 0.65, 1.6)
ROWS, COLUMNS = 24, 56  # sampling grid of a third


class FacialThirds(Segmenter):
    """Divide the face from hairline to chin into three bands of equal height.

    The bands are placed by the landmarks of the eyes and the mouth. A region is the outline of the visible skin within a band.
    A band that is covered by hair, a cap or a mask is absent.

    Args:
        width: Width of the bands in distances between the eyes, above 0.
        min_skin: Minimum fraction of a band that must be skin, 0 to 1. With 0, the region is the whole band, whether it is
            covered or not.
        tolerance: Maximum difference of a skin colour from the colour of the cheeks, in standard deviations of the cheeks,
            above 0.

    Raises:
        ValueError: A parameter is out of range.
    """

    def __init__(self, width: float = 2.0, min_skin: float = 0.3, tolerance: float = 4.0) -> None:
        if not width > 0:
            raise ValueError(f"width must be above 0, found {width}")
        if not 0 <= min_skin <= 1:
            raise ValueError(f"min_skin must be between 0 and 1, found {min_skin}")
        if not tolerance > 0:
            raise ValueError(f"tolerance must be above 0, found {tolerance}")
        self.width, self.min_skin, self.tolerance = width, min_skin, tolerance

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions."""
        return NAMES

    def segment(self, images: Sequence[Image], faces: Sequence[Face]) -> list[Segmentation]:
        """Find the thirds of each face.

        Args:
            images: The images.
            faces: One face in each image.

        Returns:
            The regions of each face, and the reason for each region that is absent.
        """
        return [self._segment(image, face) for image, face in zip(images, faces, strict=True)]

    def _segment(self, image: Image, face: Face) -> Segmentation:
        right, left = face.landmarks[:2]
        eyes = (right + left) / 2
        down = face.landmarks[3:].mean(axis=0) - eyes  # from the eyes to the mouth
        across = (left - right) * self.width
        regions, absent = [], {}
        skin = SkinColour.from_cheeks(image, face) if self.min_skin else None
        for name, top, bottom in zip(NAMES, HEIGHTS[:-1], HEIGHTS[1:], strict=True):
            corner = eyes + top * down - across / 2
            band = np.stack([across, (bottom - top) * down, corner])  # (u, v, 1) @ band is a point of the band
            if not _inside(np.array([0.5, 0.5, 1]) @ band, image):
                absent[name] = "out of the image"
            elif skin is None:
                regions.append(Region(name, _whole(band)))
            else:
                outline, fraction = self._skin_outline(image, skin, band)
                if outline is None:
                    absent[name] = f"covered: only {fraction:.0%} of it is skin"
                else:
                    regions.append(Region(name, outline))
        return Segmentation(tuple(regions), absent)

    def _skin_outline(self, image: Image, skin: SkinColour, band: Float32) -> tuple[Float32 | None, float]:
        """Return the outline of the skin in a band, float32 [V, 2] px, or None if there is too little; and its fraction."""
        v, u = np.mgrid[:ROWS, :COLUMNS]
        grid = np.stack([(u + 0.5) / COLUMNS, (v + 0.5) / ROWS, np.ones_like(u, float)], axis=-1)
        is_skin = skin.distance(image, grid @ band) <= self.tolerance
        patches, _ = ndimage.label(ndimage.binary_opening(is_skin))
        sizes = np.bincount(patches.ravel())[1:]
        fraction = float(sizes.max(initial=0)) / is_skin.size
        if fraction < max(self.min_skin, 3 / is_skin.size):
            return None, fraction
        points = grid[patches == sizes.argmax() + 1]
        corners = points[ConvexHull(points[:, :2]).vertices]  # the hull includes eyebrows, eyes and lips
        return (corners @ band).astype(np.float32), fraction


def _whole(band: Float32) -> Float32:
    """Return the corners of a band."""
    return np.array([(0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)] @ band, np.float32)


def _inside(point: Float32, image: Image) -> bool:
    return bool((point >= 0).all() and (point <= [image.width, image.height]).all())
