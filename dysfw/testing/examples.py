"""Photographs to check with: four phantoms, made from MakeHuman's assets (CC0-1.0), with their faces as MTCNN finds them."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import numpy as np

from ..imaging.decode import read_image
from ..types import Face, Image

FOLDER = Path(__file__).parent / "phantoms"


@functools.cache
def phantom_images() -> tuple[Image, ...]:
    """288 × 288 px, one upright face each."""
    return tuple(read_image(path) for path in sorted(FOLDER.glob("*.jpg")))


@functools.cache
def phantom_faces() -> tuple[Face, ...]:
    """The face in each of ``phantom_images``."""
    found = json.loads((FOLDER / "faces.json").read_text("utf-8"))
    return tuple(
        Face(np.array(one["box"], np.float32), one["score"], np.array(one["landmarks"], np.float32), chosen=True)
        for one in found
    )


def noise_image(width: int = 64, height: int = 48, seed: int = 0) -> Image:
    """An image of random pixels, in which there is no face."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    pixels.setflags(write=False)
    return Image(pixels, f"noise-{seed}.png", f"{seed:064x}")
