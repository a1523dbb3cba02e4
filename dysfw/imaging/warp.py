"""Samples a crop directly from the pixels of the image, without aliasing at any scale.

Pillow samples with its bicubic filter. If the crop is smaller than its source, the source is first averaged over squares of
whole pixels, to less than twice the scale of the crop. It is then sampled twice as densely as needed, and pairs of samples are
averaged. Outside the image the image is mirrored: a black border would show a backbone where the image ends.

A face may fill an image of twelve megapixels or more. Its averages are computed in bands that fit into the processor's cache,
so that no part of the image is copied as a whole; the result is the same to the last bit.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image as Pillow

from ..types import Int64, UInt8
from .geometry import Matrix

RADIUS = 2  # of the bicubic filter, px
# Up to this scale (source px per crop px), single samples do not alias visibly and keep the image sharper.
MAX_SINGLE_SAMPLE_SCALE = 1.15
MAX_WINDOW = 100_000_000  # px; a larger part of the image is first reduced as a whole
BAND_BYTES = 2**20  # of pixels that are averaged at a time


def warp(pixels: UInt8, matrix: Matrix, size: int) -> UInt8:
    """Sample a crop.

    Args:
        pixels: uint8 [H, W, 3].
        matrix: The transform from the crop to the image; see ``dysfw.imaging.geometry``.
        size: Side of the crop, px.

    Returns:
        uint8 [size, size, 3].
    """
    scale = math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))  # source px per crop px
    block = max(1, int(scale + 1e-6))
    x0, y0, x1, y1 = _bounds(matrix, size, padding=RADIUS * block)
    if (x1 - x0) * (y1 - y0) > MAX_WINDOW:  # a box far too large: the alignment of the blocks no longer matters
        coarse = max(2, block // 4)
        return warp(np.asarray(Pillow.fromarray(pixels).reduce(coarse)), matrix / coarse, size)
    source = _reduced(pixels, (x0, y0, x1, y1), block)
    dense = 2 if scale / block > MAX_SINGLE_SAMPLE_SCALE else 1
    to_source = matrix - np.array([[0, 0, x0], [0, 0, y0]])
    to_source /= block
    to_source[:, :2] /= dense
    side = size * dense
    crop = source.transform((side, side), Pillow.Transform.AFFINE, tuple(to_source.ravel()), Pillow.Resampling.BICUBIC)
    return np.asarray(crop.reduce(dense) if dense > 1 else crop)


def _bounds(matrix: Matrix, size: int, padding: int) -> tuple[int, int, int, int]:
    """x0 y0 x1 y1 of the source of a crop, px."""
    corners = np.array([[0, 0], [size, 0], [0, size], [size, size]]) @ matrix[:, :2].T + matrix[:, 2]
    x0, y0 = (int(v) for v in np.floor(corners.min(axis=0)) - padding)
    x1, y1 = (int(v) for v in np.ceil(corners.max(axis=0)) + padding)
    return x0, y0, x1, y1


def _reduced(pixels: UInt8, part: tuple[int, int, int, int], block: int) -> Pillow.Image:
    """A part x0 y0 x1 y1 of the image, mirrored outside the image, and averaged over squares of ``block`` px."""
    x0, y0, x1, y1 = part
    if block == 1:
        return Pillow.fromarray(_window(pixels, x0, y0, x1, y1))
    source = Pillow.new("RGB", (-(-(x1 - x0) // block), -(-(y1 - y0) // block)))
    rows = max(1, BAND_BYTES // (3 * (x1 - x0)) // block) * block
    for top in range(y0, y1, rows):
        band = Pillow.fromarray(_window(pixels, x0, top, x1, min(top + rows, y1)))
        source.paste(band.reduce(block), (0, (top - y0) // block))
    return source


def _window(pixels: UInt8, x0: int, y0: int, x1: int, y1: int) -> UInt8:
    """A copy of a part of the image, mirrored outside the image: numpy copies a hundred times faster than Pillow."""
    height, width = pixels.shape[:2]
    rows = slice(y0, y1) if y0 >= 0 and y1 <= height else _mirrored(y0, y1, height)
    columns = _mirrored(x0, x1, width)
    first, end = int(columns.min()), int(columns.max()) + 1
    near = pixels[rows, first:end]
    left, right = np.clip((-x0, width - x0), 0, x1 - x0)  # the columns within the image
    if left == 0 and right == len(columns):
        return np.ascontiguousarray(near)
    columns -= first
    # Only the others are taken one by one, which is slow.
    inside = near[:, x0 + left - first : x0 + right - first] if right > left else near[:, :0]
    return np.concatenate([near.take(columns[:left], 1), inside, near.take(columns[max(left, right) :], 1)], axis=1)


def _mirrored(start: int, stop: int, length: int) -> Int64:
    """Indices start..stop-1 mirrored into 0..length-1, with the edge pixel repeated: … 1 0 | 0 1 2 …."""
    index = np.arange(start, stop, dtype=np.int64) % (2 * length)
    return np.minimum(index, 2 * length - 1 - index)
