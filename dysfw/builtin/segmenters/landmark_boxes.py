"""Seven anatomical boxes placed by five landmarks alone: works with every detector, the baseline for a real segmenter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ...components import Segmenter
from ...types import ANATOMY, Face, Image, Region, Segmentation

# Distance from eye line to mouth over distance between the pupils, in an adult frontal face. It stands in for the
# distance between the pupils when the head is turned and that one shrinks.
EYES_TO_MOUTH = 1.1
# A region with less than this part of its area inside the photograph is absent.
MIN_INSIDE = 0.5


class LandmarkBoxes(Segmenter):
    """Boxes in units of the distance between the pupils, along and across the eye line.

    Widths and heights follow the facial canons (thirds of equal height, nose as wide as the eyes are apart) loosely and
    generously; they do not adapt to the face beyond its landmarks. No parameters.
    """

    @property
    def regions(self) -> tuple[str, ...]:
        return ANATOMY

    def segment(self, images: Sequence[Image], faces: Sequence[Face]) -> list[Segmentation]:
        return [_segment(image, face) for image, face in zip(images, faces, strict=True)]


def _segment(image: Image, face: Face) -> Segmentation:
    origin = face.landmarks[:2].mean(axis=0)
    cos, sin = np.cos(face.roll), np.sin(face.roll)
    axes = np.array([[cos, sin], [-sin, cos]])
    across, down = 0, 1
    _, _, nose, *corners = (face.landmarks - origin) @ axes.T
    mouth = np.mean(corners, axis=0)
    unit = max(float(np.linalg.norm(face.landmarks[1] - face.landmarks[0])), abs(float(mouth[down])) / EYES_TO_MOUTH)
    # centre x, half width, top, bottom
    boxes = {
        "face": (mouth[across] / 2, 1.15 * unit, -1.2 * unit, mouth[down] + 0.95 * unit),
        "forehead": (0.0, 0.9 * unit, -1.15 * unit, -0.3 * unit),
        "periorbital": (0.0, 0.95 * unit, -0.45 * unit, 0.4 * unit),
        "nose": (nose[across], 0.45 * unit, -0.15 * unit, nose[down] + 0.25 * unit),
        "philtrum": ((nose[across] + mouth[across]) / 2, 0.35 * unit, nose[down] + 0.1 * unit, mouth[down]),
        "mouth": (mouth[across], 0.6 * unit, mouth[down] - 0.3 * unit, mouth[down] + 0.35 * unit),
        "chin": (mouth[across], 0.6 * unit, mouth[down] + 0.15 * unit, mouth[down] + 0.95 * unit),
    }
    regions, absent = [], {}
    for name, (x, half, top, bottom) in boxes.items():
        low = max(bottom, top + 0.1 * unit)  # a bowed head can bring the tip of the nose down to the mouth
        polygon = np.array([[x - half, top], [x + half, top], [x + half, low], [x - half, low]]) @ axes + origin
        if inside(polygon, image) < MIN_INSIDE:
            absent[name] = "out of the image"
        else:
            regions.append(Region(name, polygon.astype(np.float32)))
    return Segmentation(tuple(regions), absent)


def inside(box: npt.NDArray[np.float64], image: Image) -> float:
    """Share of a turned box (four corners in order) that lies in the photograph, 0..1, from a grid of points in it."""
    s, t = np.meshgrid(np.linspace(0, 1, 12), np.linspace(0, 1, 12))
    points = box[0] + s[..., None] * (box[1] - box[0]) + t[..., None] * (box[3] - box[0])
    within = (points >= 0).all(-1) & (points[..., 0] <= image.width) & (points[..., 1] <= image.height)
    return float(within.mean())
