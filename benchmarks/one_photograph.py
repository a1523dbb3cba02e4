"""What a gallery is worth for conditions of which it knows a single photograph.

    dysfw phantom dataset benchmark -o out/benchmark
    python benchmarks/one_photograph.py recipes/paper.yaml out/benchmark [DRAWS]

Four conditions leave the training part and come back with one photograph each, as ``dysfw gallery add`` brings them: how
often are their test photographs' conditions then first, or among the first three, of all? DRAWS: 20 random choices of the
four and of their photographs; mean and standard deviation over the draws are printed, beside those of a gallery that kept all
photographs, and chance.
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

NEW = 4


def ranks(examples: EmbeddedDataset, learn: np.ndarray, judged: np.ndarray, by: str) -> np.ndarray:
    """The place of each judged photograph's condition in its ranking, from 1."""
    classes = len(examples.labels)
    region_probabilities = np.full((len(judged), len(examples.regions), classes), 1 / classes, np.float32)
    for r in range(len(examples.regions)):
        known, shown = learn[examples.present[learn, r]], examples.present[judged, r]
        head = Gallery(by=by)  # type: ignore[arg-type]
        head.fit(examples.embeddings[known, r], examples.y[known], classes, examples.groups[known])
        region_probabilities[shown, r] = head.predict(examples.embeddings[judged[shown], r])
    fused = Mean().fuse(region_probabilities, examples.present[judged])
    own = fused[np.arange(len(judged)), examples.y[judged]]
    return 1 + (fused > own[:, None]).sum(axis=1)


def main(recipe: Path, data: Path, draws: int) -> None:
    registry = load_registry()
    loaded = load_recipe(recipe, registry)
    dataset = read_dataset(data)
    pipeline = Pipeline(loaded, build(loaded))
    examples = embed_dataset(pipeline, dataset.samples, dataset.labels, "embedding", TerminalProgress())
    train = np.array([item.split == "train" for item in examples.samples])
    rng = np.random.default_rng(0)
    unaffected = np.bincount(examples.y[train]).argmax()
    conditions = np.array([k for k in range(len(examples.labels)) if k != unaffected])
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for _ in range(draws):
        new = rng.choice(conditions, NEW, replace=False)
        one_each = [rng.choice(np.flatnonzero(train & (examples.y == k))) for k in new]
        judged = np.flatnonzero(~train & np.isin(examples.y, new))
        few = np.concatenate([np.flatnonzero(train & ~np.isin(examples.y, new)), one_each])
        for by in ("mean", "nearest"):
            for known, learn in (("one", few), ("all", np.flatnonzero(train))):
                place = ranks(examples, learn, judged, by)
                found.setdefault((known, by), []).append((float((place == 1).mean()), float((place <= 3).mean())))
    print("| photographs of each new condition | `by` | top 1 | top 3 |\n| --- | --- | --- | --- |")
    for (known, by), values in found.items():
        mean, spread = np.mean(values, axis=0), np.std(values, axis=0)
        print(f"| {known} | `{by}` | {mean[0]:.3f} ± {spread[0]:.3f} | {mean[1]:.3f} ± {spread[1]:.3f} |")
    number = len(examples.labels)
    print(f"| (chance) | | {1 / number:.3f} | {3 / number:.3f} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 20)
