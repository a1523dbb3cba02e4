"""Average faces: where a face lies in a composite, and how faces are averaged.

Faces are placed by their five landmarks as dlib places them (``dysfw.imaging.alignment``): eyes are level and lie in the same
place. The mean of images is the classical composite (Galton, Nature 1878;18:97). Faces are scaled, rotated and shifted, but not
warped, so their shape is averaged as well.
"""

from __future__ import annotations

import numpy as np

from ..types import Face, Float32, UInt8
from .alignment import DLIB_ALIGNMENT
from .warp import warp

SIDE = 128  # px
MADE_AS = "mean 1, dlib, 128 px"  # change it if what follows changes
# The ellipse that is shown, as fractions of the side: centre and half axes. It holds the face from the hairline to the chin.
# What is beside it, such as a room, clothes or a rare haircut, would tell who is in a composite, and nothing of the condition.
CENTRE, HALF_AXES = (0.5, 0.52), (0.39, 0.48)
FADE = 0.12  # outer fraction of the ellipse that fades into grey
GREY = 128.0


class Mean:
    """The mean of images, of which none is kept."""

    def __init__(self) -> None:
        """Create the mean of no image."""
        self.number = 0
        self._sum = np.zeros((SIDE, SIDE, 3), np.float64)

    def add(self, pixels: UInt8 | Float32) -> None:
        """Add an image, [SIDE, SIDE, 3]."""
        self._sum += pixels
        self.number += 1

    @property
    def pixels(self) -> Float32:
        """The mean, float32 [SIDE, SIDE, 3], 0 to 255; there must be an image."""
        mean: Float32 = (self._sum / self.number).astype(np.float32)
        return mean


def aligned_face(pixels: UInt8, face: Face) -> UInt8:
    """Cut out a face as it lies in a composite.

    Args:
        pixels: The image, uint8 [H, W, 3].
        face: The face in it.

    Returns:
        uint8 [SIDE, SIDE, 3].

    Raises:
        ValueError: The landmarks of the face coincide.
    """
    return warp(pixels, DLIB_ALIGNMENT.frame(face, SIDE), SIDE)


def finished(mean: Float32) -> UInt8:
    """Make a picture of a mean: what is beside the face becomes grey.

    Args:
        mean: float [SIDE, SIDE, 3], 0 to 255.

    Returns:
        uint8 [SIDE, SIDE, 3].
    """
    y, x = (np.mgrid[:SIDE, :SIDE] + 0.5) / SIDE
    radius = np.hypot((x - CENTRE[0]) / HALF_AXES[0], (y - CENTRE[1]) / HALF_AXES[1])
    share = np.clip((1 - radius) / FADE, 0, 1)[..., None]
    picture: UInt8 = np.round(share * mean + (1 - share) * GREY).astype(np.uint8)
    return picture
