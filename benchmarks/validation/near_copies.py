"""Sensitivity and false alarms of the search for near copies in ``dysfw.data.duplicates``.

    dysfw phantom dataset benchmark -o benchmark
    python benchmarks/validation/near_copies.py benchmark

The data set must have one image of each patient. Prints a line for each kind of copy.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageEnhance, ImageOps

from dysfw.data.duplicates import image_signature, near_copies
from dysfw.data.read import read_dataset
from dysfw.types import Image

PATIENTS, COPIED = 500, 100


def recompressed(image: Pillow.Image, quality: int) -> Pillow.Image:
    content = io.BytesIO()
    image.save(content, "JPEG", quality=quality)
    return Pillow.open(content)


def cropped(image: Pillow.Image, left: float, top: float, right: float, bottom: float) -> Pillow.Image:
    """The image without these fractions of its sides."""
    width, height = image.size
    return image.crop((round(left * width), round(top * height), round((1 - right) * width), round((1 - bottom) * height)))


CHANGES: dict[str, Callable[[Pillow.Image], Pillow.Image]] = {
    "quality 50": lambda p: recompressed(p, 50),
    "scaled to a third, quality 60": lambda p: recompressed(p.reduce(3), 60),
    "cropped by 2 % on every side": lambda p: cropped(p, 0.02, 0.02, 0.02, 0.02),
    "cropped by 4 % on two sides": lambda p: cropped(p, 0.04, 0, 0, 0.04),
    "cropped by 4 % on every side": lambda p: cropped(p, 0.04, 0.04, 0.04, 0.04),
    "brightened by 1.3": lambda p: ImageEnhance.Brightness(p).enhance(1.3),
    "darkened to 0.7": lambda p: ImageEnhance.Brightness(p).enhance(0.7),
    "contrast 1.3": lambda p: ImageEnhance.Contrast(p).enhance(1.3),
    "grey": ImageOps.grayscale,
    "mirrored": ImageOps.mirror,
    "mirrored, cropped by 2 %, quality 60": lambda p: recompressed(cropped(ImageOps.mirror(p), 0.02, 0.02, 0.02, 0.02), 60),
}


def to_image(image: Pillow.Image) -> Image:
    return Image(np.array(image.convert("RGB")), "", "")


def main(data: Path) -> None:
    samples = read_dataset(data).samples
    chosen = np.random.default_rng(1).permutation(len(samples))[:PATIENTS]
    images = [Pillow.open(samples[n].path).convert("RGB") for n in chosen]
    signatures = [image_signature(to_image(image)) for image in images]
    pairs = len(signatures) * (len(signatures) - 1) // 2
    print(f"false alarms: {len(near_copies(signatures))} of {pairs:,} pairs, each also mirrored")
    for name, change in CHANGES.items():
        copies = [
            near_copies([original, image_signature(to_image(change(image)))])
            for original, image in zip(signatures[:COPIED], images[:COPIED], strict=True)
        ]
        print(f"{name}: {sum(map(len, copies))} of {len(copies)} copies found")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
