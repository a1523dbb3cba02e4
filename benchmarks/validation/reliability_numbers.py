"""Calibration, prediction sets and rejected images of a bundle, on new images.

    dysfw phantom dataset benchmark -o out/benchmark
    dysfw train recipes/dlib.yaml out/benchmark -o out/dlib
    python benchmarks/validation/reliability_numbers.py out/benchmark out/dlib

The test split of the data has new images of the training conditions: their prediction sets should have the target coverage, and
few should be unreliable. The photo of a real person is scikit-image's astronaut (public domain, NASA): a bundle of phantoms
must find it out of distribution.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from skimage import data as images

from dysfw.cli.terminal import TerminalProgress
from dysfw.data.read import read_dataset
from dysfw.inference.loading import open_pipeline
from dysfw.inference.pipeline import Pipeline
from dysfw.registry.registry import load_registry
from dysfw.stats.metrics import measure
from dysfw.training.embedded_dataset import EmbeddedDataset, embed_dataset


def report(pipeline: Pipeline, embedded: EmbeddedDataset) -> list[str]:
    """Describe the predictions for N new images."""
    classifier = pipeline.classifier
    assert classifier and embedded.quality  # noqa: PT018, S101  # a bundle has one, and quality comes with the embeddings
    reliability = classifier.reliability
    _, fused = classifier.predict(list(embedded.embeddings), list(embedded.present))
    assessed = reliability.assess(fused, embedded.embeddings, embedded.present, embedded.quality)
    weights = np.ones((1, len(embedded)))
    before, after = (measure(p, embedded.y, weights).overall for p in (fused, assessed.probabilities))
    covered = assessed.sets[np.arange(len(embedded)), embedded.y]
    by_class = {label: covered[embedded.y == k].mean() for k, label in enumerate(embedded.labels) if (embedded.y == k).any()}
    lowest = min(by_class, key=lambda label: by_class[label])
    reasons = Counter(reason.code for notices in assessed.reasons for reason in notices)
    rejected = np.mean([bool(notices) for notices in assessed.reasons])
    conditions, sizes = list(by_class.values()), assessed.sets.sum(axis=1)
    median, high = np.quantile(assessed.ood_score, (0.5, 0.98))
    return [
        f"{len(embedded)} new images and {len(embedded.failures)} without a usable face; recipe {pipeline.recipe.name}",
        f"temperature {reliability.temperature:.3f}",
        *(f"{name}: {before[name][0]:.4f}, calibrated {after[name][0]:.4f}" for name in ("ece", "log_loss", "brier")),
        f"sets of {reliability.config.coverage:.0%}: coverage {covered.mean():.4f}, "
        f"mean over conditions {np.mean(conditions):.4f}, "
        f"lowest {by_class[lowest]:.3f} ({lowest})",
        f"size of the sets: {sizes.mean():.2f} of {len(embedded.labels)}; {(sizes == 0).mean():.2%} empty",
        f"not reliable: {rejected:.2%} ({dict(reasons)})",
        f"OOD score: median {median:.2f}, 98 % below {high:.2f}; out of distribution above {reliability.max_ood_score:.2f}",
    ]


def astronaut(pipeline: Pipeline) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "astronaut.png"
        Pillow.fromarray(images.astronaut()).save(path)
        (prediction,) = pipeline.predict([path])
    return f"photo of a person: reliable {prediction.reliable}, {[reason.message for reason in prediction.reasons]}"


def main(data: Path, bundle: Path, *overrides: str) -> None:
    pipeline = open_pipeline(bundle, load_registry(), overrides)
    assert pipeline.classifier  # noqa: S101  # a bundle has one
    samples = read_dataset(data).split("test")
    embedded = embed_dataset(pipeline, samples, pipeline.classifier.labels, "embedding test images", TerminalProgress())
    print("\n".join([*report(pipeline, embedded), astronaut(pipeline)]))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
