"""Smallest faces that each installed detector finds.

    dysfw phantom dataset verification -o out/verification
    python benchmarks/reach.py out/verification [IMAGES]

Prints a Markdown table: in how many of the last IMAGES (default 8) each detector finds a face, by the height of the face
relative to the longer side of the image. The images are pasted on a grey background of 1600 × 900 px, scaled by the height of
MTCNN's box. Detectors have their defaults.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from dysfw.contracts.components import Detector
from dysfw.data.read import read_dataset
from dysfw.decoding.decode import read_image
from dysfw.registry.registry import Registry, load_registry
from dysfw.types import Face, Image

WIDTH, HEIGHT = 1600, 900
DIVISORS = (32, 24, 20, 16, 12, 10, 8, 7, 6, 5)  # the face has 1/32, 1/24 … of the longer side
GREY = 127


def scaled_down(image: Image, face: Face, height: float) -> Image:
    """The image on a grey background, scaled so that its face has the given height, px."""
    scale = height / float(face.box[3] - face.box[1])
    small = Pillow.fromarray(image.pixels).resize((round(image.width * scale), round(image.height * scale)), reducing_gap=3.0)
    canvas = Pillow.new("RGB", (WIDTH, HEIGHT), (GREY, GREY, GREY))
    canvas.paste(small, ((WIDTH - small.width) // 2, (HEIGHT - small.height) // 2))
    return Image(np.array(canvas), image.source, image.sha256)


def detectors(registry: Registry) -> Iterator[tuple[str, Detector]]:
    """All installed detectors that find faces by themselves."""
    for entry in registry.components["detector"]:
        name = entry.spec.name
        if name != "precomputed":
            yield name, registry.load("detector", name)()


def main(data: Path, number: int) -> None:
    registry = load_registry()
    images = [read_image(sample.path) for sample in read_dataset(data).samples[-number:]]
    faces = [detected[0] for detected in registry.load("detector", "mtcnn")().detect(images)]
    print(f"| detector | {' | '.join(f'1/{divisor}' for divisor in DIVISORS)} |\n|{' --- |' * (len(DIVISORS) + 1)}")
    for name, detector in detectors(registry):
        counts = []
        for divisor in DIVISORS:
            small = [scaled_down(image, face, WIDTH / divisor) for image, face in zip(images, faces, strict=True)]
            counts.append(sum(bool(detector.detect([image])[0]) for image in small))
        print(f"| `{name}` | {' | '.join(map(str, counts))} |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 8)
