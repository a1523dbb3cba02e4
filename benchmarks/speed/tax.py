"""What the framework costs: ``Pipeline`` against a script that calls the same libraries, with the same batches, by hand.

Both judge the same phantoms with recipes/dlib.yaml in one process, in turn, and must give the same votes. The script does one
thing after the other, as scripts do; the pipeline lets its stages overlap, which may win back more than the framework costs.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from dysfw.imaging.geometry import square_frame
from dysfw.imaging.warp import warp
from dysfw.inference.batches import BATCH_IMAGES
from dysfw.inference.embedder import GRID
from dysfw.inference.loading import open_pipeline
from dysfw.inference.pipeline import Pipeline
from dysfw.registry.registry import load_registry
from dysfw.types import Image, Prediction

from .images import repeated
from .processes import ROOT
from .table import Aim, Row, ratio, spread
from .timing import Settings, interleaved

SIZE, LEAST = 150, 0.7  # of the recipe's crops
SAME = 1e-5  # of votes, which are probabilities


def rows(settings: Settings) -> list[Row]:
    paths = repeated(replace(settings, data=None), settings.of(32, 64))  # each has a face and all its regions
    pipeline = open_pipeline(ROOT / "recipes" / "dlib.yaml", load_registry(), ["device=cpu"])
    apart = float(np.abs(by_framework(pipeline, paths) - by_hand(pipeline, paths)).max())  # and both are warm now
    if apart > SAME:
        raise RuntimeError(f"the framework and the script differ by {apart:.1e}: they did not do the same work")
    works = {"framework": lambda: by_framework(pipeline, paths), "hand": lambda: by_hand(pipeline, paths)}
    taken = interleaved(works, settings.of(3, 9))
    row = Row(
        what=f"framework, recipes/dlib.yaml, {len(paths)} photographs",
        value=spread([1000 * s / len(paths) for s in taken["framework"]]),
        unit="ms a photograph",
        ratio=ratio(taken["framework"], taken["hand"]),
        to="the same libraries by hand",
        aim=Aim(sign="≤", bound=1.05),
    )
    return [row]


def by_framework(pipeline: Pipeline, paths: Sequence[Path]) -> np.ndarray:
    return np.stack([result.region_probabilities for result in pipeline.predict(paths) if isinstance(result, Prediction)])


def by_hand(pipeline: Pipeline, paths: Sequence[Path]) -> np.ndarray:
    """No checks, no notices, no timings, no failures, nothing about reliability: only what computes."""
    parts, judge = pipeline.components, pipeline.judge
    assert judge is not None
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
            side = LEAST * max(face.box[2] - face.box[0], face.box[3] - face.box[1])
            for region in segmentation.regions:
                crops.append(warp(image.pixels, square_frame(region.polygon, face.roll, 0.0, SIZE, min_side=side), SIZE))
        embeddings = parts.backbone.embed(np.stack(crops)).reshape(len(images), len(judge.heads), -1)
        region_probabilities = np.stack([head.predict(embeddings[:, r]) for r, head in enumerate(judge.heads.values())], axis=1)
        region_probabilities.mean(axis=1)  # the fusion
        rows.append(region_probabilities)
    return np.concatenate(rows)
