"""Faces found, position of landmarks, and speed of each installed detector.

    dysfw phantom dataset verification -o out/verification
    python benchmarks/detectors.py out/verification [IMAGES]

Prints a Markdown table. Landmarks are compared with MTCNN's in units of the distance between the eyes, boxes in heights of
MTCNN's box. Uses the last IMAGES (default 160) of the data set, because landmark_constants.py was fitted to the first. Uses one
thread.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch

from dysfw.data.read import read_dataset
from dysfw.decoding.decode import read_image
from dysfw.registry.registry import load_registry
from dysfw.types import Face, Image

PARTS = ("eyes", "nose", "mouth")


def detect_all(name: str, images: list[Image]) -> tuple[list[Face | None], float]:
    """The first face in each image, and milliseconds per image."""
    detector = load_registry().load("detector", name)()
    detector.detect(images[:1])
    started = time.perf_counter()
    faces = [detector.detect([image])[0] for image in images]
    return [one[0] if one else None for one in faces], (time.perf_counter() - started) * 1000 / len(images)


def row(name: str, faces: list[Face | None], reference: list[Face | None], milliseconds: float) -> str:
    pairs = [(a, b) for a, b in zip(faces, reference, strict=True) if a and b]
    eye_distances = [np.linalg.norm(b.landmarks[1] - b.landmarks[0]) for _, b in pairs]
    errors = np.array(
        [np.linalg.norm(a.landmarks - b.landmarks, axis=1) / d for (a, b), d in zip(pairs, eye_distances, strict=True)]
    )
    medians = [f"{np.median(errors[:, rows]):.3f}" for rows in (slice(0, 2), slice(2, 3), slice(3, 5))]
    heights = np.median([(a.box[3] - a.box[1]) / (b.box[3] - b.box[1]) for a, b in pairs])
    found = sum(face is not None for face in faces)
    return f"| {name} | {found} of {len(faces)} | {' | '.join(medians)} | {heights:.2f} | {milliseconds:.0f} |"


def main(data: Path, number: int) -> None:
    torch.set_num_threads(1)
    images = [read_image(sample.path) for sample in read_dataset(data).samples[-number:]]
    names = [entry.spec.name for entry in load_registry().components["detector"] if entry.spec.name != "precomputed"]
    reference, milliseconds = detect_all("mtcnn", images)
    print(f"| detector | faces found | {' | '.join(PARTS)} | height of the box | ms per image |\n|{' --- |' * 7}")
    print(row("mtcnn", reference, reference, milliseconds))
    for name in names:
        if name != "mtcnn":
            faces, milliseconds = detect_all(name, images)
            print(row(name, faces, reference, milliseconds), flush=True)


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 160)
