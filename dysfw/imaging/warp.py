"""One warp from the photograph's own pixels to a crop, whatever the scale.

Pillow samples, with its bicubic filter. Where the crop is smaller than its source, the source is first averaged over squares
of whole pixels, down to less than twice the crop's scale, and then sampled twice as densely as needed, pairs being averaged:
nothing aliases. Where the crop is larger, nothing is averaged. Outside the image the image is mirrored: a black border would
tell a trunk where the photograph ended.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image as Pillow

from ..types import Int64, UInt8
from .geometry import Matrix

REACH = 2  # px that a bicubic sample reaches beyond its own place
# Up to this scale, source px for each crop px, single samples do not alias visibly and keep the picture sharper.
SINGLE = 1.15
MAX_WINDOW = 100_000_000  # px; more of the photograph than this is never held a second time


def warp(pixels: UInt8, matrix: Matrix, size: int) -> UInt8:
    """The crop uint8 [size, size, 3] that ``matrix`` (crop to image, see ``dysfw.imaging.geometry``) cuts from ``pixels`` [H, W, 3]."""
    scale = math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))  # source px for each crop px
    block = max(1, int(scale + 1e-6))
    x0, y0, x1, y1 = _touched(matrix, size, reach=REACH * block)
    if (x1 - x0) * (y1 - y0) > MAX_WINDOW:  # a runaway box: the blocks' alignment no longer matters
        coarse = max(2, block // 4)
        return warp(np.asarray(Pillow.fromarray(pixels).reduce(coarse)), matrix / coarse, size)
    # numpy copies a window that is cut out a hundred times faster than Pillow would
    source = Pillow.fromarray(np.ascontiguousarray(_window(pixels, x0, y0, x1, y1)))
    if block > 1:
        source = source.reduce(block)
    dense = 2 if scale / block > SINGLE else 1
    to_source = matrix - np.array([[0, 0, x0], [0, 0, y0]])
    to_source /= block
    to_source[:, :2] /= dense
    side = size * dense
    crop = source.transform((side, side), Pillow.Transform.AFFINE, tuple(to_source.ravel()), Pillow.Resampling.BICUBIC)
    return np.asarray(crop.reduce(dense) if dense > 1 else crop)


def _touched(matrix: Matrix, size: int, reach: int) -> tuple[int, int, int, int]:
    """x0 y0 x1 y1 of what a crop touches, px."""
    corners = np.array([[0, 0], [size, 0], [0, size], [size, size]]) @ matrix[:, :2].T + matrix[:, 2]
    x0, y0 = (int(v) for v in np.floor(corners.min(axis=0)) - reach)
    x1, y1 = (int(v) for v in np.ceil(corners.max(axis=0)) + reach)
    return x0, y0, x1, y1


def _window(pixels: UInt8, x0: int, y0: int, x1: int, y1: int) -> UInt8:
    """A part of the image, mirrored where it lies outside."""
    height, width = pixels.shape[:2]
    if x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height:
        return pixels[y0:y1, x0:x1]
    return pixels.take(_mirrored(y0, y1, height), axis=0).take(_mirrored(x0, x1, width), axis=1)


def _mirrored(start: int, stop: int, length: int) -> Int64:
    """Indices start..stop-1 folded into 0..length-1, the edge pixel repeated once: … 1 0 | 0 1 2 …"""
    index = np.arange(start, stop, dtype=np.int64) % (2 * length)
    return np.minimum(index, 2 * length - 1 - index)
