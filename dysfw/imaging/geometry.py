"""Plane geometry of faces: similarity transforms between an image and an aligned, square crop of it.

A transform is a float64 [2, 3] matrix that takes crop coordinates to image coordinates (both in px, see ``dysfw.types``).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..types import Float32

Matrix = npt.NDArray[np.float64]


def square_frame(
    points: npt.ArrayLike, angle: float, margin: float, size: int, *, border: float = 0.0, min_side: float = 0.0
) -> Matrix:
    """The transform of the smallest upright-in-the-crop square around ``points``, enlarged on each side.

    points: [V, 2] px. angle: radians, clockwise: the direction in the image that becomes the crop's x axis (a face's roll;
    0 leaves the image as it is). margin: fraction of the square's side added on each of the four sides; negative cuts in.
    size: side of the crop, px. border: px of the image added on each side beyond that. least: px of the image that the
    crop's side shows at least. Raises ValueError where the points coincide or the margin leaves nothing.
    """
    p = np.asarray(points, dtype=np.float64)
    if p.ndim != 2 or p.shape[1] != 2 or not np.isfinite(p).all():
        raise ValueError(f"points must be finite and of shape [V, 2], found {p.shape}")
    cos, sin = np.cos(angle), np.sin(angle)
    axes = np.array([[cos, sin], [-sin, cos]])  # rows: the crop's x and y axis in the image
    along = p @ axes.T
    low, high = along.min(axis=0), along.max(axis=0)
    side = max(float((high - low).max()) * (1 + 2 * margin) + 2 * border, min_side)
    if not side > 0:
        raise ValueError("the points coincide, or the margin leaves nothing of the square")
    scale = side / size
    linear = axes.T * scale
    offset = axes.T @ ((low + high) / 2) - linear @ np.full(2, size / 2)
    return np.column_stack([linear, offset])


def transform(matrix: Matrix, points: npt.ArrayLike) -> Float32:
    """Points [..., 2] of the crop in image coordinates, float32 [..., 2]."""
    p = np.asarray(points, dtype=np.float64)
    image_points: Float32 = (p @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    return image_points


def inverse(matrix: Matrix) -> Matrix:
    """The transform from image to crop."""
    linear = np.linalg.inv(matrix[:, :2])
    return np.column_stack([linear, -linear @ matrix[:, 2]])


def joined(outer: Matrix, inner: Matrix) -> Matrix:
    """The transform that takes what ``inner`` gives through ``outer``."""
    return np.column_stack([outer[:, :2] @ inner[:, :2], outer[:, :2] @ inner[:, 2] + outer[:, 2]])
