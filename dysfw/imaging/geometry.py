"""Affine transforms between an image and a square crop of it.

A transform is a float64 [2, 3] matrix from crop coordinates to image coordinates, both in px; see ``dysfw.types``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..types import Float32

Matrix = npt.NDArray[np.float64]


def square_frame(
    points: npt.ArrayLike, angle: float, margin: float, size: int, *, border: float = 0.0, min_side: float = 0.0
) -> Matrix:
    """Compute the transform of the smallest square around points, upright in the crop and enlarged on each side.

    Args:
        points: float [V, 2], px.
        angle: Direction in the image that becomes the crop's x axis, radians, clockwise: a face's roll. 0 keeps the orientation
            of the image.
        margin: Margin added on each side, as a fraction of the square's side; may be negative.
        size: Side of the crop, px.
        border: Further margin on each side, px of the image.
        min_side: Minimum side of the square, px of the image.

    Returns:
        The transform from the crop to the image.

    Raises:
        ValueError: The points coincide, or a negative margin leaves nothing.
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
    """Transform points.

    Args:
        matrix: The transform.
        points: float [..., 2], in the crop.

    Returns:
        float32 [..., 2], in the image.
    """
    p = np.asarray(points, dtype=np.float64)
    image_points: Float32 = (p @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    return image_points


def inverse(matrix: Matrix) -> Matrix:
    """Invert a transform.

    Args:
        matrix: The transform from the crop to the image.

    Returns:
        The transform from the image to the crop.
    """
    linear = np.linalg.inv(matrix[:, :2])
    return np.column_stack([linear, -linear @ matrix[:, 2]])


def joined(outer: Matrix, inner: Matrix) -> Matrix:
    """Compose two transforms.

    Args:
        outer: The transform applied second.
        inner: The transform applied first.

    Returns:
        Their composition.
    """
    return np.column_stack([outer[:, :2] @ inner[:, :2], outer[:, :2] @ inner[:, 2] + outer[:, 2]])
