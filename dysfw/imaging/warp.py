"""One warp from the photograph's own pixels to a crop, whatever the scale.

Pillow samples, with its bicubic filter. Where the crop is smaller than its source, the source is first averaged over
squares of whole pixels until both are of about the same scale, so that nothing aliases; where it is larger, it is not
touched. Outside the image the image is mirrored: a black border would tell a trunk where the photograph ended.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image as Pillow

from ..geometry import Matrix
from ..types import Int64, UInt8

REACH = 2  # px that a bicubic sample reaches beyond its own place


def warp(pixels: UInt8, matrix: Matrix, size: int) -> UInt8:
    """The crop uint8 [size, size, 3] that ``matrix`` (crop to image, see ``dysfw.geometry``) cuts from ``pixels`` [H, W, 3]."""
    scale = math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))  # source px for each crop px
    block = max(1, round(scale))
    window, corner = _window(pixels, matrix, size, reach=REACH * block)
    source = Pillow.fromarray(window)
    if block > 1:
        source = source.reduce(block)
    to_source = matrix.copy()
    to_source[:, 2] -= corner
    crop = source.transform(
        (size, size), Pillow.Transform.AFFINE, tuple((to_source / block).ravel()), Pillow.Resampling.BICUBIC
    )
    return np.asarray(crop)


def _window(pixels: UInt8, matrix: Matrix, size: int, reach: int) -> tuple[UInt8, tuple[int, int]]:
    """The part of the image that the crop touches, mirrored where it lies outside, and its (x, y) position."""
    height, width = pixels.shape[:2]
    corners = np.array([[0, 0], [size, 0], [0, size], [size, size]]) @ matrix[:, :2].T + matrix[:, 2]
    x0, y0 = (int(v) for v in np.floor(corners.min(axis=0)) - reach)
    x1, y1 = (int(v) for v in np.ceil(corners.max(axis=0)) + reach)
    if x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height:
        return pixels[y0:y1, x0:x1], (x0, y0)
    rows, columns = _mirrored(y0, y1, height), _mirrored(x0, x1, width)
    return pixels.take(rows, axis=0).take(columns, axis=1), (x0, y0)


def _mirrored(start: int, stop: int, length: int) -> Int64:
    """Indices start..stop-1 folded into 0..length-1, the edge pixel repeated once: … 1 0 | 0 1 2 …"""
    index = np.arange(start, stop, dtype=np.int64) % (2 * length)
    return np.minimum(index, 2 * length - 1 - index)
