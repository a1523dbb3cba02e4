"""Colour of the skin of one face in one image, measured on its cheeks.

There is no general model of skin colour, which would fit some people better than others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dysfw.plugin import Face, Float32, Image

RADIUS = 0.22  # of the area that is measured on each cheek, in distances between the eyes
# Minimum standard deviations of log brightness and of two log ratios of colours. Light varies over a face, and changes its
# brightness more than its colours.
MIN_SCALE = np.array([0.25, 0.05, 0.05])


@dataclass(frozen=True)
class SkinColour:
    """Distribution of log brightness, log red/green and log blue/green of the skin.

    Attributes:
        median: Median, float64 [3].
        scale: Robust standard deviation, float64 [3].
    """

    median: Float32
    scale: Float32

    @staticmethod
    def from_cheeks(image: Image, face: Face) -> SkinColour:
        """Measure the skin on both cheeks, halfway between eye and corner of the mouth.

        Args:
            image: The image.
            face: The face.

        Returns:
            The colour.
        """
        radius = RADIUS * float(np.linalg.norm(face.landmarks[1] - face.landmarks[0]))
        disc = np.array([(x, y) for x in np.linspace(-1, 1, 9) for y in np.linspace(-1, 1, 9) if x * x + y * y <= 1])
        cheeks = (face.landmarks[[0, 1]] + face.landmarks[[3, 4]]) / 2
        colours = _colours(image, (cheeks[:, None] + radius * disc).reshape(-1, 2))
        median = np.median(colours, axis=0)
        scale = 1.4826 * np.median(np.abs(colours - median), axis=0)  # equals the standard deviation of a normal distribution
        return SkinColour(median, np.maximum(scale, MIN_SCALE))

    def distance(self, image: Image, points: Float32) -> Float32:
        """Compute how much the colour of points differs from the skin.

        Args:
            image: The image.
            points: float32 [..., 2], px.

        Returns:
            float64 [...]: the maximum over the three components, in standard deviations; infinite outside the image.
        """
        inside = ((points >= 0) & (points < [image.width, image.height])).all(axis=-1)
        differences = np.abs(_colours(image, points) - self.median) / self.scale
        return np.where(inside, differences.max(axis=-1), np.inf)


def _colours(image: Image, points: Float32) -> Float32:
    """Return log brightness and colour ratios [..., 3] of the nearest pixels to points [..., 2]."""
    x, y = (np.clip(points[..., i], 0, limit - 1).astype(int) for i, limit in ((0, image.width), (1, image.height)))
    red, green, blue = np.moveaxis(np.log(image.pixels[y, x].astype(float) + 8), -1, 0)  # 8 dampens the noise of dark pixels
    return np.stack([(red + green + blue) / 3, red - green, blue - green], axis=-1)
