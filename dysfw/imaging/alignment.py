"""Alignment of whole faces, as face-recognition backbones expect it.

A face-recognition backbone expects eyes and mouth where they were in its training data. A backbone declares its ``Alignment``,
and a recipe's ``crop: {align: …}`` may name another. Coordinates are fractions of the crop's side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import Face
from .geometry import Matrix

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Position of a whole face in a crop, by landmarks or by the detector's box.

    Attributes:
        points: Where the five landmarks of ``dysfw.types.Face`` should be, as (x, y). The crop is placed by the least-squares
            similarity transform.
        margin: Without points: the detector's box, upright, is enlarged on each side by this fraction of its side and stretched
            to a square.

    Raises:
        ValueError: Both or neither are given, or there are not five points.
    """

    points: tuple[Point, Point, Point, Point, Point] | None = None
    margin: float | None = None

    def __post_init__(self) -> None:
        if (self.points is None) == (self.margin is None):
            raise ValueError("an alignment has either five points or a margin")
        if self.points is not None and np.shape(self.points) != (5, 2):
            raise ValueError(f"an alignment has five points (x, y), found shape {np.shape(self.points)}")

    def frame(self, face: Face, size: int) -> Matrix:
        """Compute where the crop of a face lies.

        Args:
            face: The face.
            size: Side of the crop, px.

        Returns:
            The transform from the crop to the image.

        Raises:
            ValueError: All landmarks coincide, or the box has no area.
        """
        return self._by_box(face, size) if self.points is None else _similarity(np.array(self.points, np.float64) * size, face)

    def _by_box(self, face: Face, size: int) -> Matrix:
        x0, y0, x1, y1 = (float(v) for v in face.box)
        if not (x1 > x0 and y1 > y0):
            raise ValueError("the box of the face has no area")
        assert self.margin is not None  # noqa: S101  # otherwise there are points
        dx, dy = self.margin * (x1 - x0), self.margin * (y1 - y0)
        across, down = (x1 - x0 + 2 * dx) / size, (y1 - y0 + 2 * dy) / size
        return np.array([[across, 0.0, x0 - dx], [0.0, down, y0 - dy]])


def _similarity(points: npt.NDArray[np.float64], face: Face) -> Matrix:
    """Least-squares similarity transform without reflection (Umeyama, IEEE PAMI 1991;13:376), from crop to image."""
    source, target = points, np.asarray(face.landmarks, np.float64)
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    a, b = source - source_mean, target - target_mean
    variance = float((a**2).sum())
    along, across = float((a * b).sum()) / variance, float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / variance
    linear = np.array([[along, -across], [across, along]])
    if not np.isfinite(linear).all() or abs(float(np.linalg.det(linear))) < 1e-12:
        raise ValueError("the five landmarks coincide")
    return np.column_stack([linear, target_mean - linear @ source_mean])


# dlib's face chip: the mean face of its 68 points (eyes: the means of six points each; tip of the nose; corners of the
# mouth) with a margin of a quarter of its side
# (get_face_chip_details in dlib/image_transforms/interpolation.h).
DLIB_ALIGNMENT = Alignment(
    tuple(((x + 0.25) / 1.5, (y + 0.25) / 1.5) for x, y in (
        (0.224152, 0.211947), (0.756101, 0.211947), (0.490127, 0.515625), (0.254149, 0.780233), (0.726104, 0.780233),
    ))  # type: ignore[arg-type]  # five of them
)  # fmt: skip
# insightface's template for crops of 112 px (Deng et al., CVPR 2019).
ARCFACE_ALIGNMENT = Alignment(
    tuple((x / 112, y / 112) for x, y in (
        (38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041),
    ))  # type: ignore[arg-type]  # five of them
)  # fmt: skip
# facenet's crop: 160 px, of which 32 are a margin around MTCNN's box (align_dataset_mtcnn.py of davidsandberg/facenet).
FACENET_ALIGNMENT = Alignment(margin=0.125)

ALIGNMENTS: Mapping[str, Alignment] = {"dlib": DLIB_ALIGNMENT, "arcface": ARCFACE_ALIGNMENT, "facenet": FACENET_ALIGNMENT}
