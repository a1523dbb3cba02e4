"""What colour the skin of one face has in one photograph, by its own cheeks: no model of skin, so none that fits some people
better than others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dysfw.plugin import Face, Float32, Image

SAMPLE = 0.22  # radius of what is looked at of each cheek, in distances between the eyes
# The least standard deviations, of log brightness and of two log ratios of colours: light falls unevenly on a face, and more so
# on its brightness than on its colours.
LEAST = np.array([0.25, 0.05, 0.05])


@dataclass(frozen=True)
class SkinColour:
    """middle, spread: float [3], of log brightness, log red/green and log blue/green."""

    median: Float32
    scale: Float32

    @staticmethod
    def of(image: Image, face: Face) -> SkinColour:
        """By both cheeks, half way between each eye and the corner of the mouth."""
        radius = SAMPLE * float(np.linalg.norm(face.landmarks[1] - face.landmarks[0]))
        around = np.array([(x, y) for x in np.linspace(-1, 1, 9) for y in np.linspace(-1, 1, 9) if x * x + y * y <= 1])
        cheeks = (face.landmarks[[0, 1]] + face.landmarks[[3, 4]]) / 2
        colours = _colours(image, (cheeks[:, None] + radius * around).reshape(-1, 2))
        median = np.median(colours, axis=0)
        scale = 1.4826 * np.median(np.abs(colours - median), axis=0)  # the standard deviation, were they normal
        return SkinColour(median, np.maximum(scale, LEAST))

    def distance(self, image: Image, points: Float32) -> Float32:
        """points [..., 2] px -> [...]: the largest of the three, in standard deviations; outside the image infinite."""
        inside = ((points >= 0) & (points < [image.width, image.height])).all(axis=-1)
        apart = np.abs(_colours(image, points) - self.median) / self.scale
        return np.where(inside, apart.max(axis=-1), np.inf)


def _colours(image: Image, points: Float32) -> Float32:
    """[..., 2] px -> [..., 3]; of the nearest pixel."""
    x, y = (np.clip(points[..., i], 0, limit - 1).astype(int) for i, limit in ((0, image.width), (1, image.height)))
    red, green, blue = np.moveaxis(np.log(image.pixels[y, x].astype(float) + 8), -1, 0)  # 8: black has no colour
    return np.stack([(red + green + blue) / 3, red - green, blue - green], axis=-1)
