"""Whether a bundle's reliability holds on photographs that it has never seen: calibration, sets, and what is refused.

    dysfw phantom dataset benchmark -o out/benchmark
    dysfw train recipes/dlib.yaml out/benchmark -o out/dlib
    python benchmarks/validation/reliability_numbers.py out/benchmark out/dlib

The test split of DATA gives fresh photographs of what the bundle was trained on; they should be covered by their sets as often
as asked, and hardly ever be refused. The photograph of a person is scikit-image's astronaut (public domain, NASA): a bundle of
phantoms must refuse it.
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


def report(pipeline: Pipeline, fresh: EmbeddedDataset) -> list[str]:
    """Lines about N fresh photographs."""
    judge = pipeline.judge
    assert judge and judge.trust and fresh.quality  # noqa: PT018
    _, fused = judge.judge(list(fresh.embeddings), list(fresh.present))
    assessed = judge.trust.assess(fused, fresh.embeddings, fresh.present, fresh.quality)
    once = np.ones((1, len(fresh)))
    before, after = (measure(p, fresh.y, once).overall for p in (fused, assessed.probabilities))
    held = assessed.sets[np.arange(len(fresh)), fresh.y]
    by_class = {label: held[fresh.y == k].mean() for k, label in enumerate(fresh.labels) if (fresh.y == k).any()}
    least = min(by_class, key=lambda label: by_class[label])
    reasons = Counter(reason.code for own in assessed.reasons for reason in own)
    refused = np.mean([bool(own) for own in assessed.reasons])
    conditions, sizes = list(by_class.values()), assessed.sets.sum(axis=1)
    median, high = np.quantile(assessed.ood_score, (0.5, 0.98))
    return [
        f"{len(fresh)} fresh photographs and {len(fresh.failures)} without a usable face; recipe {pipeline.recipe.name}",
        f"temperature {judge.trust.temperature:.3f}",
        *(f"{name}: {before[name][0]:.4f}, calibrated {after[name][0]:.4f}" for name in ("ece", "log_loss", "brier")),
        f"sets of {judge.trust.keys.coverage:.0%}: cover {held.mean():.4f}, mean of conditions {np.mean(conditions):.4f}, "
        f"least {by_class[least]:.3f} ({least})",
        f"their size: {sizes.mean():.2f} of {len(fresh.labels)}; {(sizes == 0).mean():.2%} empty",
        f"called not reliable: {refused:.2%} ({dict(reasons)})",
        f"unlikeness: median {median:.2f}, 98 % below {high:.2f}; refused above {judge.trust.unlike:.2f}",
    ]


def astronaut(pipeline: Pipeline) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "astronaut.png"
        Pillow.fromarray(images.astronaut()).save(path)
        (prediction,) = pipeline.predict([path])
    return f"a person: reliable {prediction.reliable}, {[reason.message for reason in prediction.reasons]}"


def main(data: Path, bundle: Path, *overrides: str) -> None:
    pipeline = open_pipeline(bundle, load_registry(), overrides)
    assert pipeline.judge
    samples = read_dataset(data).split("test")
    fresh = embed_dataset(pipeline, samples, pipeline.judge.labels, "embedding test photographs", TerminalProgress())
    print("\n".join([*report(pipeline, fresh), astronaut(pipeline)]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
