"""Accuracy of a gallery for conditions that it knows from a single image.

    dysfw phantom dataset benchmark -o out/benchmark
    python benchmarks/one_image.py recipes/paper.yaml out/benchmark [DRAWS]

Removes four conditions from the training images and adds one image of each again, as ``dysfw gallery add`` does. Prints how
often the condition of their test images is ranked first, or among the first three of all conditions: mean and standard
deviation over DRAWS (default 20) random choices of conditions and images, next to a gallery with all training images, and
chance.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from dysfw.builtin.fusions.pools import Mean
from dysfw.builtin.heads.gallery import Gallery
from dysfw.cli.terminal import TerminalProgress
from dysfw.data.read import read_dataset
from dysfw.inference.build import build
from dysfw.inference.pipeline import Pipeline
from dysfw.recipe.check import load_recipe
from dysfw.registry.registry import load_registry
from dysfw.training.embedded_dataset import EmbeddedDataset, embed_dataset

NEW_CONDITIONS = 4


def ranks(embedded: EmbeddedDataset, train: np.ndarray, test: np.ndarray, by: str) -> np.ndarray:
    """Rank of each test image's condition, from 1."""
    classes = len(embedded.labels)
    region_probabilities = np.full((len(test), len(embedded.regions), classes), 1 / classes, np.float32)
    for r in range(len(embedded.regions)):
        rows, shown = train[embedded.present[train, r]], embedded.present[test, r]
        head = Gallery(by=by)  # type: ignore[arg-type]
        head.fit(embedded.embeddings[rows, r], embedded.y[rows], classes, embedded.groups[rows])
        region_probabilities[shown, r] = head.predict(embedded.embeddings[test[shown], r])
    fused = Mean().fuse(region_probabilities, embedded.present[test])
    true_class = fused[np.arange(len(test)), embedded.y[test]]
    return 1 + (fused > true_class[:, None]).sum(axis=1)


def main(recipe: Path, data: Path, draws: int) -> None:
    registry = load_registry()
    loaded = load_recipe(recipe, registry)
    dataset = read_dataset(data)
    pipeline = Pipeline(loaded, build(loaded))
    embedded = embed_dataset(pipeline, dataset.samples, dataset.labels, "embedding", TerminalProgress())
    train = np.array([sample.split == "train" for sample in embedded.samples])
    rng = np.random.default_rng(0)
    unaffected = np.bincount(embedded.y[train]).argmax()
    conditions = np.array([k for k in range(len(embedded.labels)) if k != unaffected])
    top: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for _ in range(draws):
        new = rng.choice(conditions, NEW_CONDITIONS, replace=False)
        one_each = [rng.choice(np.flatnonzero(train & (embedded.y == k))) for k in new]
        test = np.flatnonzero(~train & np.isin(embedded.y, new))
        reduced = np.concatenate([np.flatnonzero(train & ~np.isin(embedded.y, new)), one_each])
        for by in ("mean", "nearest"):
            for images, rows in (("one", reduced), ("all", np.flatnonzero(train))):
                rank = ranks(embedded, rows, test, by)
                top.setdefault((images, by), []).append((float((rank == 1).mean()), float((rank <= 3).mean())))
    print("| images of each new condition | `by` | top 1 | top 3 |\n| --- | --- | --- | --- |")
    for (images, by), values in top.items():
        mean, std = np.mean(values, axis=0), np.std(values, axis=0)
        print(f"| {images} | `{by}` | {mean[0]:.3f} ± {std[0]:.3f} | {mean[1]:.3f} ± {std[1]:.3f} |")
    number = len(embedded.labels)
    print(f"| (chance) | | {1 / number:.3f} | {3 / number:.3f} |")


if __name__ == "__main__":
    if len(sys.argv) not in {3, 4}:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 20)
