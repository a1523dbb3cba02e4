"""A coordinate system of the face, derived from the five landmarks, and boxes placed in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...types import Face, Image, Region, Segmentation

Float64 = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]  # left, top, right, bottom, for a viewer of the upright face

# Distance from the eye line to the mouth divided by the distance between the pupils, in an adult frontal face. It replaces the
# distance between the pupils if the head is turned, which shortens that distance.
EYES_TO_MOUTH = 1.1
# Minimum fraction of a region's area that must lie inside the image; otherwise the region is absent.
MIN_INSIDE = 0.5
MIN_HEIGHT = 0.1  # of a box, in units


@dataclass(frozen=True, slots=True, eq=False)
class FaceAxes:
    """Axes of the face, with the origin between the pupils.

    x follows the eye line from the subject's right eye to the left one; y points down, perpendicular to x.

    Attributes:
        origin: float64 [2], the origin in the image, px.
        axes: float64 [2, 2], the x and y axis in the image, as rows.
        unit: Distance between the pupils, px.
        nose: float64 [2], tip of the nose, px along the axes.
        mouth: float64 [2], midpoint of the corners of the mouth, px along the axes.
    """

    origin: Float64
    axes: Float64
    unit: float
    nose: Float64
    mouth: Float64

    @classmethod
    def of(cls, face: Face) -> FaceAxes:
        """Derive the axes from the landmarks of a face.

        Args:
            face: The face.
        """
        origin = face.landmarks[:2].mean(axis=0)
        cos, sin = np.cos(face.roll), np.sin(face.roll)
        axes = np.array([[cos, sin], [-sin, cos]])
        _, _, nose, *corners = (face.landmarks - origin) @ axes.T
        mouth = np.mean(corners, axis=0)
        unit = max(float(np.linalg.norm(face.landmarks[1] - face.landmarks[0])), abs(float(mouth[1])) / EYES_TO_MOUTH)
        return cls(origin.astype(np.float64), axes, unit, nose, mouth)

    @property
    def face(self) -> Box:
        """Box of the whole face, from the hairline to below the chin."""
        centre, half_width = self.mouth[0] / 2, 1.15 * self.unit
        return centre - half_width, -1.2 * self.unit, centre + half_width, self.mouth[1] + 0.95 * self.unit

    def segment(self, boxes: Mapping[str, Box], image: Image) -> Segmentation:
        """Convert boxes to regions of an image.

        Args:
            boxes: Boxes along the axes, px, by name.
            image: The image.

        Returns:
            The regions, in the order of the boxes. Boxes that lie mostly outside the image are absent.
        """
        regions, absent = [], {}
        for name, (left, top, right, bottom) in boxes.items():
            low = max(bottom, top + MIN_HEIGHT * self.unit)  # if the head is bowed, the tip of the nose can reach the mouth
            polygon = np.array([[left, top], [right, top], [right, low], [left, low]]) @ self.axes + self.origin
            if fraction_inside(polygon, image) < MIN_INSIDE:
                absent[name] = "out of the image"
            else:
                regions.append(Region(name, polygon.astype(np.float32)))
        return Segmentation(tuple(regions), absent)


def fraction_inside(box: Float64, image: Image) -> float:
    """Estimate the fraction of a rotated box that lies inside an image, on a grid of points.

    Args:
        box: float64 [4, 2], its corners in order, px.
        image: The image.

    Returns:
        The fraction, 0 to 1.
    """
    s, t = np.meshgrid(np.linspace(0, 1, 12), np.linspace(0, 1, 12))
    points = box[0] + s[..., None] * (box[1] - box[0]) + t[..., None] * (box[3] - box[0])
    inside = (points >= 0).all(-1) & (points[..., 0] <= image.width) & (points[..., 1] <= image.height)
    return float(inside.mean())
