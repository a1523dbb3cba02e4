"""What the framework costs: `Pipeline` against a script that calls the same libraries, with the same batches, by hand.

    python tests/benchmarks/framework_tax.py [IMAGES=64] [ROUNDS=5]

Both judge the same phantoms with recipes/dlib.yaml in one process, in turn; the ratio of each round is what counts, because
the machine's speed drifts. Both must give the same probabilities.
"""

from __future__ import annotations

import io
import itertools
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from dysfw.engine.assemble import open_pipeline
from dysfw.engine.batches import BATCH_IMAGES
from dysfw.engine.embedder import GRID
from dysfw.engine.pipeline import Pipeline
from dysfw.geometry import square_frame
from dysfw.imaging.warp import warp
from dysfw.registry.registry import load_registry
from dysfw.types import Image

ROOT = Path(__file__).parents[2]


def by_framework(pipeline: Pipeline, paths: list[Path]) -> np.ndarray:
    return np.stack([prediction.probabilities for prediction in pipeline.predict(paths)])


def by_hand(pipeline: Pipeline, paths: list[Path]) -> np.ndarray:
    """No checks, no notices, no timings, no failures: only what computes."""
    parts, judge = pipeline.components, pipeline.judge
    heads = list(judge.heads.values())
    rows = []
    for start in range(0, len(paths), BATCH_IMAGES):
        images = []
        for path in paths[start : start + BATCH_IMAGES]:
            pixels = np.asarray(Pillow.open(io.BytesIO(path.read_bytes())).convert("RGB"))
            images.append(Image(pixels, str(path), ""))
        found = [faces[0] for faces in parts.detector.detect(images)]
        faces = [
            replace(face, box=np.round(face.box / GRID) * GRID, landmarks=np.round(face.landmarks / GRID) * GRID)
            for face in found
        ]
        segmentations = parts.segmenter.segment(images, faces)
        crops = []
        for image, face, segmentation in zip(images, faces, segmentations, strict=True):
            side = 0.7 * max(face.box[2] - face.box[0], face.box[3] - face.box[1])
            for region in segmentation.regions:
                crops.append(warp(image.pixels, square_frame(region.polygon, face.roll, 0.0, 150, least=side), 150))
        embeddings = parts.backbone.embed(np.stack(crops)).reshape(len(images), len(heads), -1)
        votes = np.stack([head.predict(embeddings[:, r]) for r, head in enumerate(heads)], axis=1)
        rows.append(votes.mean(axis=1))
    return np.concatenate(rows)


def main(images: int = 64, rounds: int = 5) -> None:
    phantoms = sorted((ROOT / "tests" / "data" / "phantoms").glob("*/*.jpg"))
    paths = list(itertools.islice(itertools.cycle(phantoms), images))
    pipeline = open_pipeline(ROOT / "recipes" / "dlib.yaml", load_registry(), ["device=cpu"])
    difference = np.abs(by_framework(pipeline, paths) - by_hand(pipeline, paths)).max()  # and both are warm now
    ratios, times = [], []
    for number in range(rounds):
        pair = {}
        for work in (by_framework, by_hand) if number % 2 else (by_hand, by_framework):
            started = time.perf_counter()
            work(pipeline, paths)
            pair[work] = time.perf_counter() - started
        ratios.append(pair[by_framework] / pair[by_hand])
        times.append(pair[by_framework] / images * 1000)
    print("| images | rounds | framework, ms an image | framework / by hand: min, median, max | largest difference |")
    print("| --- | --- | --- | --- | --- |")
    spread = f"{min(ratios):.3f}, {statistics.median(ratios):.3f}, {max(ratios):.3f}"
    print(f"| {images} | {rounds} | {statistics.median(times):.0f} | {spread} | {difference:.1e} |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
