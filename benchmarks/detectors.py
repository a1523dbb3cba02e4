"""What each detector finds, where it puts the landmarks, and how long it takes.

    dysfw phantom dataset verification -o out/verification
    python benchmarks/detectors.py out/verification [PHOTOGRAPHS]

Prints a Markdown table for every detector that is installed and looks for faces by itself. Landmarks and boxes are compared
with MTCNN's, in distances between the eyes and in heights of its box. PHOTOGRAPHS: how many of the last; 160 by default (the
constants by which detectors estimate landmarks are from the first, see landmark_constants.py). One thread.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch

from dysfw.data.read import read_dataset
from dysfw.imaging.decode import read_image
from dysfw.registry.registry import load_registry
from dysfw.types import Face, Image

PARTS = ("eyes", "nose", "mouth")


def found_by(name: str, images: list[Image]) -> tuple[list[Face | None], float]:
    """The first face of each image, and ms an image."""
    detector = load_registry().load("detector", name)()
    detector.detect(images[:1])
    started = time.perf_counter()
    faces = [detector.detect([image])[0] for image in images]
    return [one[0] if one else None for one in faces], (time.perf_counter() - started) * 1000 / len(images)


def row(name: str, faces: list[Face | None], reference: list[Face | None], milliseconds: float) -> str:
    pairs = [(a, b) for a, b in zip(faces, reference, strict=True) if a and b]
    apart = [np.linalg.norm(b.landmarks[1] - b.landmarks[0]) for _, b in pairs]
    gaps = np.array([np.linalg.norm(a.landmarks - b.landmarks, axis=1) / d for (a, b), d in zip(pairs, apart, strict=True)])
    shown = [f"{np.median(gaps[:, rows]):.3f}" for rows in (slice(0, 2), slice(2, 3), slice(3, 5))]
    heights = np.median([(a.box[3] - a.box[1]) / (b.box[3] - b.box[1]) for a, b in pairs])
    there = sum(face is not None for face in faces)
    return f"| {name} | {there} of {len(faces)} | {' | '.join(shown)} | {heights:.2f} | {milliseconds:.0f} |"


def main(data: Path, number: int) -> None:
    torch.set_num_threads(1)
    images = [read_image(item.path) for item in read_dataset(data).samples[-number:]]
    names = [entry.spec.name for entry in load_registry().components["detector"] if entry.spec.name != "given"]
    reference, milliseconds = found_by("mtcnn", images)
    print(f"| detector | faces found | {' | '.join(PARTS)} | height of the box | ms an image |\n|{' --- |' * 7}")
    print(row("mtcnn", reference, reference, milliseconds))
    for name in names:
        if name != "mtcnn":
            print(row(name, *(found := found_by(name, images))[:1], reference, found[1]), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 160)
