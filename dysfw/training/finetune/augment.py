"""How a crop is varied each time it is seen: a little turned, enlarged, moved and mirrored, in other light, less sharp.

All that moves pixels becomes part of the one matrix by which the crop is cut from the photograph: nothing is resampled twice.
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

UNIT = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
GREY = 0.2  # of the samples lose their colour, at full strength
BLUR = 0.015  # of the crop's side: the largest standard deviation
SIDES = {"right": "left", "left": "right"}


def compose(outer: Matrix, inner: Matrix) -> Matrix:
    """The transform that takes points by ``inner`` and then by ``outer``."""
    return np.column_stack([outer[:, :2] @ inner[:, :2], outer[:, :2] @ inner[:, 2] + outer[:, 2]])


def perturbation(augment: Augment, rng: np.random.Generator) -> tuple[Matrix, bool]:
    """A transform from the varied crop of side 1 to the plain one, about its centre, and whether it mirrors."""
    turn, size, *shift = rng.uniform(-1, 1, 4)
    mirrored = augment.flip and bool(rng.integers(2))
    angle, scale = np.radians(turn * augment.rotation), (1 + augment.scale) ** size
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.diag([-1.0 if mirrored else 1.0, 1.0])
    centre = np.array([0.5, 0.5])
    return np.column_stack([linear, centre + augment.shift * np.array(shift) - linear @ centre]), mirrored


def at_size(frame: Matrix, size: int) -> Matrix:
    """A frame of a crop of side 1 as that of a crop of ``size`` px."""
    return np.column_stack([frame[:, :2] / size, frame[:, 2]])


def recolour(pixels: UInt8, augment: Augment, rng: np.random.Generator) -> UInt8:
    """uint8 [S, S, 3], changed in brightness, contrast, balance of colours and saturation, and perhaps blurred."""
    brightness, contrast, saturation, *balance = rng.uniform(-1, 1, 6).astype(np.float32) * np.float32(augment.colour)
    grey, blurred, sigma = rng.random(3)
    image = pixels.astype(np.float32)
    mean = image.mean()
    gain = (1 + 0.5 * contrast) * (1 + 0.2 * np.array(balance, np.float32))
    image = (image - mean) * gain + mean * (1 + 0.4 * brightness)
    kept = 0 if grey < GREY * augment.colour else 1 + 0.5 * saturation
    if augment.colour:
        luma: Float32 = (image @ LUMA)[..., None]
        image = luma + (image - luma) * kept
    changed: UInt8 = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    if blurred < augment.blur:
        radius = float(sigma) * BLUR * len(pixels)
        changed = np.asarray(Pillow.fromarray(changed).filter(ImageFilter.GaussianBlur(radius)))
    return changed


def mirror_images(names: Sequence[str]) -> Int64 | None:
    """For each name the index of its mirror image: "eye_right" for "eye_left", itself for "nose". None where a name says right
    or left and its partner is not there: such crops cannot be mirrored."""
    places = {name: index for index, name in enumerate(names)}
    partners = [re.sub(r"(?<![a-z])(right|left)(?![a-z])", lambda side: SIDES[side[0]], name) for name in names]
    if any(partner not in places for partner in partners):
        return None
    return np.array([places[partner] for partner in partners], np.int64)
