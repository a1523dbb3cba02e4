"""How often ``dysfw.data.duplicates`` finds a copy, and how often it takes two patients for one photograph.

    dysfw phantom dataset benchmark -o benchmark
    python benchmarks/validation/near_copies.py benchmark

DATA must hold one photograph of each patient. Prints a line for each kind of copy.
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

STRANGERS, COPIED = 500, 100


def stored_anew(image: Pillow.Image, quality: int) -> Pillow.Image:
    content = io.BytesIO()
    image.save(content, "JPEG", quality=quality)
    return Pillow.open(content)


def cut(image: Pillow.Image, left: float, top: float, right: float, bottom: float) -> Pillow.Image:
    """Without these fractions of its sides."""
    width, height = image.size
    return image.crop((round(left * width), round(top * height), round((1 - right) * width), round((1 - bottom) * height)))


CHANGES: dict[str, Callable[[Pillow.Image], Pillow.Image]] = {
    "quality 50": lambda p: stored_anew(p, 50),
    "a third of the size, quality 60": lambda p: stored_anew(p.reduce(3), 60),
    "cut by 2 % on every side": lambda p: cut(p, 0.02, 0.02, 0.02, 0.02),
    "cut by 4 % on two sides": lambda p: cut(p, 0.04, 0, 0, 0.04),
    "cut by 4 % on every side": lambda p: cut(p, 0.04, 0.04, 0.04, 0.04),
    "brightened by 1.3": lambda p: ImageEnhance.Brightness(p).enhance(1.3),
    "darkened to 0.7": lambda p: ImageEnhance.Brightness(p).enhance(0.7),
    "contrast 1.3": lambda p: ImageEnhance.Contrast(p).enhance(1.3),
    "grey": ImageOps.grayscale,
    "mirrored": ImageOps.mirror,
    "mirrored, cut by 2 %, quality 60": lambda p: stored_anew(cut(ImageOps.mirror(p), 0.02, 0.02, 0.02, 0.02), 60),
}


def image(image: Pillow.Image) -> Image:
    return Image(np.array(image.convert("RGB")), "", "")


def main(data: Path) -> None:
    samples = read_dataset(data).samples
    chosen = np.random.default_rng(1).permutation(len(samples))[:STRANGERS]
    images = [Pillow.open(samples[n].path).convert("RGB") for n in chosen]
    traces = [image_signature(image(image)) for image in images]
    pairs = len(traces) * (len(traces) - 1) // 2
    print(f"strangers taken for copies: {len(near_copies(traces))} of {pairs:,} pairs, each as it is and mirrored")
    for name, change in CHANGES.items():
        found = [
            near_copies([one, image_signature(image(change(image)))])
            for one, image in zip(traces[:COPIED], images[:COPIED], strict=True)
        ]
        print(f"{name}: {sum(map(len, found))} of {len(found)} copies found")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
