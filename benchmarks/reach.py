"""How small a face each detector still finds.

    dysfw phantom dataset verification -o out/verification
    python benchmarks/reach.py out/verification [PHOTOGRAPHS]

Prints a Markdown table: for every detector that is installed and looks for faces by itself, in how many of the last PHOTOGRAPHS
(8 by default) it finds one, by the height of the face as a part of the longer side of the picture. The face, by MTCNN's box in
the photograph itself, is shown small in a grey picture of 1600 × 900 px. Detectors have their defaults; blazeface both reaches.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from dysfw.data.read import read_dataset
from dysfw.imaging.decode import read_image
from dysfw.registry.registry import Registry, load_registry
from dysfw.types import Face, Image

WIDTH, HEIGHT = 1600, 900
PARTS = (32, 24, 20, 16, 12, 10, 8, 7, 6, 5)  # of the longer side: a 32nd …
GREY = 127


def shown_small(image: Image, face: Face, height: float) -> Image:
    """The photograph in a grey picture, its face so many px high."""
    scale = height / float(face.box[3] - face.box[1])
    small = Pillow.fromarray(image.pixels).resize((round(image.width * scale), round(image.height * scale)), reducing_gap=3.0)
    image = Pillow.new("RGB", (WIDTH, HEIGHT), (GREY, GREY, GREY))
    image.paste(small, ((WIDTH - small.width) // 2, (HEIGHT - small.height) // 2))
    return Image(np.array(image), image.source, image.sha256)


def detectors(registry: Registry):
    for entry in registry.components["detector"]:
        name = entry.spec.name
        if name == "blazeface":
            yield from ((f"{name} {reach}", registry.load("detector", name)(reach=reach)) for reach in ("short", "full"))
        elif name != "given":
            yield name, registry.load("detector", name)()


def main(data: Path, number: int) -> None:
    registry = load_registry()
    images = [read_image(item.path) for item in read_dataset(data).samples[-number:]]
    faces = [found[0] for found in registry.load("detector", "mtcnn")().detect(images)]
    print(f"| detector | {' | '.join(f'1/{part}' for part in PARTS)} |\n|{' --- |' * (len(PARTS) + 1)}")
    for name, detector in detectors(registry):
        found = []
        for part in PARTS:
            images = [shown_small(image, face, WIDTH / part) for image, face in zip(images, faces, strict=True)]
            found.append(sum(bool(detector.detect([image])[0]) for image in images))
        print(f"| `{name}` | {' | '.join(map(str, found))} |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 8)
