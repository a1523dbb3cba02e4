"""An image as the networks see it: scaled down and turned by quarter turns, and the way back to its own pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image as Pillow

from dysfw.plugin import Float32, Image, UInt8

SHARP = 48  # px: side of the last network's input; the smallest face needs no more
LEAST = 20  # px: a smaller face is enlarged more than twice for the last network, and its landmarks are guesses


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One look at an image.

    pixels: uint8 [h, w, 3]. turns: by how many quarter turns, counter-clockwise, the image was turned to become this.
    scale: (x, y), px of the image for each px of the unturned view.
    """

    pixels: UInt8
    scale: tuple[float, float]
    turns: int = 0

    @classmethod
    def of(cls, image: Image, min_face: float) -> View:
        """The image unturned, as small as a face of ``min_face`` (a fraction of its shorter side) allows."""
        shrink = min(1.0, SHARP / (min_face * min(image.width, image.height)))
        if shrink == 1.0:
            return cls(image.pixels, (1.0, 1.0))
        width, height = max(1, round(image.width * shrink)), max(1, round(image.height * shrink))
        small = Pillow.fromarray(image.pixels).resize((width, height), Pillow.Resampling.BOX, reducing_gap=2.0)
        return cls(np.asarray(small), (image.width / width, image.height / height))

    def turned(self, turns: int) -> View:
        """This view after further quarter turns, counter-clockwise."""
        return View(np.rot90(self.pixels, turns), self.scale, (self.turns + turns) % 4)

    def smallest(self, min_face: float) -> float:
        """Side of the smallest face to look for, px of the view."""
        return max(float(LEAST), min_face * min(self.pixels.shape[:2]))

    def to_image(self, points: Float32) -> Float32:
        """Points [..., 2] of the view in px of the image."""
        height, width = self.pixels.shape[:2]
        x, y = points[..., 0], points[..., 1]
        for _ in range(self.turns):
            x, y, height, width = height - y, x, width, height
        mapped: Float32 = np.stack([x * self.scale[0], y * self.scale[1]], axis=-1).astype(np.float32)
        return mapped
