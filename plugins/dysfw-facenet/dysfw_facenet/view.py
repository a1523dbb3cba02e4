"""Downscaled and rotated views of an image, and the mapping back to its pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image as Pillow

from dysfw.plugin import Float32, Image, UInt8

BAND = 64  # rows that are averaged at once, so that a large image is not copied as a whole
INPUT_SIDE = 48  # px: input of the last network; the smallest face need not be larger
MIN_FACE_SIDE = 20  # px: smaller faces would be upscaled more than twice, with unreliable landmarks


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A downscaled and rotated view of an image.

    Attributes:
        pixels: uint8 [h, w, 3].
        scale: (x, y), px of the image per px of the view before rotation.
        turns: Number of counter-clockwise rotations by 90 degrees.
    """

    pixels: UInt8
    scale: tuple[float, float]
    turns: int = 0

    @classmethod
    def of(cls, image: Image, min_face: float) -> View:
        """Create a view without rotation, as small as ``min_face`` (a fraction of the shorter side) allows."""
        shrink = min(1.0, INPUT_SIDE / (min_face * min(image.width, image.height)))
        if shrink == 1.0:
            return cls(image.pixels, (1.0, 1.0))
        width, height = max(1, round(image.width * shrink)), max(1, round(image.height * shrink))
        return cls(_downscaled(image.pixels, width, height), (image.width / width, image.height / height))

    def rotated(self, turns: int) -> View:
        """Rotate the view counter-clockwise by multiples of 90 degrees."""
        return View(np.rot90(self.pixels, turns), self.scale, (self.turns + turns) % 4)

    def min_side(self, min_face: float) -> float:
        """Side of the smallest face to detect, px of the view."""
        shorter: int = min(self.pixels.shape[:2])
        return max(float(MIN_FACE_SIDE), min_face * shorter)

    def to_image(self, points: Float32) -> Float32:
        """Map points float32 [..., 2] of the view to px of the image."""
        height, width = self.pixels.shape[:2]
        x, y = points[..., 0], points[..., 1]
        for _ in range(self.turns):
            x, y, height, width = height - y, x, width, height
        mapped: Float32 = np.stack([x * self.scale[0], y * self.scale[1]], axis=-1).astype(np.float32)
        return mapped


def _downscaled(pixels: UInt8, width: int, height: int) -> UInt8:
    """Downscale as Pillow does with ``reducing_gap=2.0``: large images by an integer factor first, then to the size."""
    tall, wide = pixels.shape[:2]
    across, down = max(1, int(wide / width / 2)), max(1, int(tall / height / 2))
    if across > 1 or down > 1:
        rows = max(1, BAND // down) * down
        bands = (Pillow.fromarray(pixels[start : start + rows]) for start in range(0, tall, rows))
        pixels = np.concatenate([np.asarray(band.reduce((across, down))) for band in bands])
    box = (0, 0, wide / across, tall / down)
    return np.asarray(Pillow.fromarray(pixels).resize((width, height), Pillow.Resampling.BOX, box))
