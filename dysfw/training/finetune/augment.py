"""Data augmentation of crops: geometry, colour and blur.

All geometric changes become part of the matrix by which the crop is cut from the image, so that nothing is resampled twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from PIL import Image as Pillow
from PIL import ImageFilter

from ...imaging.geometry import Matrix
from ...recipe.sections import Augment
from ...types import Float32, Int64, UInt8

IDENTITY = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
GREY_PROBABILITY = 0.2  # that a crop loses its colour, at full strength
MAX_BLUR_SIGMA = 0.015  # standard deviation, as a fraction of the crop's side
OPPOSITE_SIDE = {"right": "left", "left": "right"}


def compose(outer: Matrix, inner: Matrix) -> Matrix:
    """Return the affine transform that applies ``inner`` and then ``outer``; all are float64 [2, 3]."""
    return np.column_stack([outer[:, :2] @ inner[:, :2], outer[:, :2] @ inner[:, 2] + outer[:, 2]])


def random_transform(augment: Augment, rng: np.random.Generator) -> tuple[Matrix, bool]:
    """Draw a random rotation, scaling, shift and mirroring.

    Args:
        augment: Strengths, from the recipe.
        rng: Random numbers.

    Returns:
        The transform float64 [2, 3] from the augmented crop of side 1 to the plain one, and whether it mirrors.
    """
    turn, size, *shift = rng.uniform(-1, 1, 4)
    mirrored = augment.flip and bool(rng.integers(2))
    angle, scale = np.radians(turn * augment.rotation), (1 + augment.scale) ** size
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.diag([-1.0 if mirrored else 1.0, 1.0])
    centre = np.array([0.5, 0.5])
    return np.column_stack([linear, centre + augment.shift * np.array(shift) - linear @ centre]), mirrored


def at_size(frame: Matrix, size: int) -> Matrix:
    """Convert the frame of a crop of side 1 to that of a crop of ``size`` px."""
    return np.column_stack([frame[:, :2] / size, frame[:, 2]])


def augment_pixels(pixels: UInt8, augment: Augment, rng: np.random.Generator) -> UInt8:
    """Change brightness, contrast, colour balance and saturation at random, and sometimes blur.

    Args:
        pixels: uint8 [S, S, 3], RGB.
        augment: Strengths, from the recipe.
        rng: Random numbers.

    Returns:
        uint8 [S, S, 3].
    """
    brightness, contrast, saturation, *balance = rng.uniform(-1, 1, 6).astype(np.float32) * np.float32(augment.colour)
    grey, blur, sigma = rng.random(3)
    image = pixels.astype(np.float32)
    mean = image.mean()
    gain = (1 + 0.5 * contrast) * (1 + 0.2 * np.array(balance, np.float32))
    image = (image - mean) * gain + mean * (1 + 0.4 * brightness)
    colourfulness = 0 if grey < GREY_PROBABILITY * augment.colour else 1 + 0.5 * saturation
    if augment.colour:
        luma: Float32 = (image @ LUMA)[..., None]
        image = luma + (image - luma) * colourfulness
    changed: UInt8 = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    if blur < augment.blur:
        radius = float(sigma) * MAX_BLUR_SIGMA * len(pixels)
        changed = np.asarray(Pillow.fromarray(changed).filter(ImageFilter.GaussianBlur(radius)))
    return changed


def mirror_indices(names: Sequence[str]) -> Int64 | None:
    """Find the mirror image of each name: "eye_right" for "eye_left", "nose" for itself.

    Args:
        names: Names of regions, attributes or landmarks.

    Returns:
        int64 [len(names)], the index of each mirror image. None if a name contains right or left and its partner is missing;
        such crops cannot be mirrored.
    """
    indices = {name: index for index, name in enumerate(names)}
    partners = [re.sub(r"(?<![a-z])(right|left)(?![a-z])", lambda side: OPPOSITE_SIDE[side[0]], name) for name in names]
    if any(partner not in indices for partner in partners):
        return None
    return np.array([indices[partner] for partner in partners], np.int64)
