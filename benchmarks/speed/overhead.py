"""Overhead of ``Pipeline``, compared with a script that calls the same components with the same batches.

Both predict the same phantoms with recipes/dlib.yaml in one process and must give the same region probabilities. The script
runs the stages one after the other. The pipeline runs them at the same time, which may save more than its overhead.
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
from .table import Row, Target, ratio, repeats
from .timing import Settings, interleaved

SIZE, MIN_SIDE = 150, 0.7  # of the recipe's crops
TOLERANCE = 1e-5  # of region probabilities


def rows(settings: Settings) -> list[Row]:
    paths = repeated(replace(settings, data=None), settings.of(32, 64))  # each shows a face with all regions
    pipeline = open_pipeline(ROOT / "recipes" / "dlib.yaml", load_registry(), ["device=cpu"])
    difference = float(np.abs(by_pipeline(pipeline, paths) - by_script(pipeline, paths)).max())  # also warms up
    if difference > TOLERANCE:
        raise RuntimeError(f"pipeline and script differ by {difference:.1e}, so they did not do the same work")
    works = {"pipeline": lambda: by_pipeline(pipeline, paths), "script": lambda: by_script(pipeline, paths)}
    times = interleaved(works, settings.of(3, 9))
    row = Row(
        what=f"pipeline, recipes/dlib.yaml, {len(paths)} images",
        value=repeats([1000 * s / len(paths) for s in times["pipeline"]]),
        unit="ms per image",
        ratio=ratio(times["pipeline"], times["script"]),
        to="a script with the same components",
        target=Target(sign="≤", bound=1.05),
    )
    return [row]


def by_pipeline(pipeline: Pipeline, paths: Sequence[Path]) -> np.ndarray:
    """Region probabilities from the pipeline."""
    return np.stack([result.region_probabilities for result in pipeline.predict(paths) if isinstance(result, Prediction)])


def by_script(pipeline: Pipeline, paths: Sequence[Path]) -> np.ndarray:
    """Region probabilities from a script without checks, notices, timings, failures and reliability."""
    parts, classifier = pipeline.components, pipeline.classifier
    if classifier is None:
        raise RuntimeError("the recipe is not trained")
    rows = []
    for start in range(0, len(paths), BATCH_IMAGES):
        images = []
        for path in paths[start : start + BATCH_IMAGES]:
            pixels = np.asarray(Pillow.open(io.BytesIO(path.read_bytes())).convert("RGB"))
            images.append(Image(pixels, str(path), ""))
        detected = [faces[0] for faces in parts.detector.detect(images)]
        faces = [
            replace(face, box=np.round(face.box / GRID) * GRID, landmarks=np.round(face.landmarks / GRID) * GRID)
            for face in detected
        ]
        segmentations = parts.segmenter.segment(images, faces)
        crops = []
        for image, face, segmentation in zip(images, faces, segmentations, strict=True):
            side = MIN_SIDE * max(face.box[2] - face.box[0], face.box[3] - face.box[1])
            for region in segmentation.regions:
                crops.append(warp(image.pixels, square_frame(region.polygon, face.roll, 0.0, SIZE, min_side=side), SIZE))
        embeddings = parts.backbone.embed(np.stack(crops)).reshape(len(images), len(classifier.heads), -1)
        region_probabilities = np.stack(
            [head.predict(embeddings[:, r]) for r, head in enumerate(classifier.heads.values())], axis=1
        )
        region_probabilities.mean(axis=1)  # the fusion
        rows.append(region_probabilities)
    return np.concatenate(rows)
