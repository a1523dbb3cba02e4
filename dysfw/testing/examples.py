"""Example images: four synthetic faces, made from MakeHuman's assets (CC0-1.0), with the faces that MTCNN detects."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import numpy as np

from ..decoding.decode import read_image
from ..types import Face, Image

FOLDER = Path(__file__).parent / "phantoms"


@functools.cache
def phantom_images() -> tuple[Image, ...]:
    """Four images of 288 × 288 px, with one upright synthetic face each."""
    return tuple(read_image(path) for path in sorted(FOLDER.glob("*.jpg")))


@functools.cache
def phantom_faces() -> tuple[Face, ...]:
    """The face in each of ``phantom_images``."""
    entries = json.loads((FOLDER / "faces.json").read_text("utf-8"))
    return tuple(
        Face(np.array(one["box"], np.float32), one["score"], np.array(one["landmarks"], np.float32), chosen=True)
        for one in entries
    )


def noise_image(width: int = 64, height: int = 48, seed: int = 0) -> Image:
    """Make an image of random pixels, without a face.

    Args:
        width: Width in px.
        height: Height in px.
        seed: Random seed.
    """
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    pixels.setflags(write=False)
    return Image(pixels, f"noise-{seed}.png", f"{seed:064x}")
