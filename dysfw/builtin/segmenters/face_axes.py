"""The face's own axes, by five landmarks alone, and boxes placed in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...types import Face, Image, Region, Segmentation

Float64 = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]  # left, top, right, bottom, for a viewer of the upright face

# Distance from eye line to mouth over distance between the pupils, in an adult frontal face. It stands in for the
# distance between the pupils when the head is turned and that one shrinks.
EYES_TO_MOUTH = 1.1
# A region with less than this part of its area inside the photograph is absent.
MIN_INSIDE = 0.5
MIN_HEIGHT = 0.1  # of any box, in units


@dataclass(frozen=True, slots=True, eq=False)
class FaceAxes:
    """The face's axes: x along the eye line, from the subject's right eye to the left, and y down, at a right angle to it. The
    zero is between the pupils.

    origin: that point in the photograph, px. axes: [2, 2], rows: x and y axis in the photograph. unit: the distance between the
    pupils, px. nose, mouth: tip of the nose, and the middle between the corners of the mouth, [2], px along the axes.
    """

    origin: Float64
    axes: Float64
    unit: float
    nose: Float64
    mouth: Float64

    @classmethod
    def of(cls, face: Face) -> FaceAxes:
        origin = face.landmarks[:2].mean(axis=0)
        cos, sin = np.cos(face.roll), np.sin(face.roll)
        axes = np.array([[cos, sin], [-sin, cos]])
        _, _, nose, *corners = (face.landmarks - origin) @ axes.T
        mouth = np.mean(corners, axis=0)
        unit = max(float(np.linalg.norm(face.landmarks[1] - face.landmarks[0])), abs(float(mouth[1])) / EYES_TO_MOUTH)
        return cls(origin, axes, unit, nose, mouth)

    @property
    def face(self) -> Box:
        """The extent of the whole face, from the hairline to below the chin."""
        middle, half = self.mouth[0] / 2, 1.15 * self.unit
        return middle - half, -1.2 * self.unit, middle + half, self.mouth[1] + 0.95 * self.unit

    def segment(self, boxes: Mapping[str, Box], image: Image) -> Segmentation:
        """The boxes as regions of the photograph, in that order; absent are those that lie mostly outside it."""
        regions, absent = [], {}
        for name, (left, top, right, bottom) in boxes.items():
            low = max(bottom, top + MIN_HEIGHT * self.unit)  # a bowed head can bring the tip of the nose down to the mouth
            polygon = np.array([[left, top], [right, top], [right, low], [left, low]]) @ self.axes + self.origin
            if inside(polygon, image) < MIN_INSIDE:
                absent[name] = "out of the image"
            else:
                regions.append(Region(name, polygon.astype(np.float32)))
        return Segmentation(tuple(regions), absent)


def inside(box: Float64, image: Image) -> float:
    """Share of a turned box (four corners in order) that lies in the photograph, 0..1, from a grid of points in it."""
    s, t = np.meshgrid(np.linspace(0, 1, 12), np.linspace(0, 1, 12))
    points = box[0] + s[..., None] * (box[1] - box[0]) + t[..., None] * (box[3] - box[0])
    within = (points >= 0).all(-1) & (points[..., 0] <= image.width) & (points[..., 1] <= image.height)
    return float(within.mean())
