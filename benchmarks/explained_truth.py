"""Tests whether explanations point to the signs, on phantoms with signs in one region each.

    dysfw phantom dataset benchmarks/one_region/spec.yaml -o out/one-region
    dysfw train recipes/dlib.yaml out/one-region -o out/one-region-dlib
    python benchmarks/explained_truth.py out/one-region-dlib out/one-region             # occlusion maps
    python benchmarks/explained_truth.py out/one-region-dlib out/one-region gradient

Explains the probability of the true condition of each test image. Regions: how often the region with the signs contributes more
than another one (mean over the five others; chance 0.5, an AUROC within each image), and how often it contributes most (chance
1 in 6). The region of the whole face is left out, because it includes all others. Maps, by the pointing game (Zhang et al., Int
J Comput Vis 2018;126:1084): how often the maximum of the whole face's map, and of all maps, is in the region with the signs,
and the share of the face that this region covers, which is chance.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from matplotlib.path import Path as Outline
from pyarrow import parquet

from dysfw.explain.explanation import explain
from dysfw.explain.saliency_map import Method, heat
from dysfw.inference.loading import open_pipeline
from dysfw.inference.pipeline import Pipeline
from dysfw.registry.registry import load_registry
from dysfw.types import Prediction

POINTS = 96  # of the grid on which maps are evaluated, along each side of the face box


@dataclass(frozen=True)
class ImageResult:
    """Results for one image.

    Attributes:
        region: The region with the signs.
        exceeds: Share of the other regions that contribute less.
        is_largest: Whether it contributes most.
        probability_exceeds: Share of the other regions whose own head gives a smaller probability.
        probability_is_largest: Whether its own head gives the largest probability.
        pointed: Whether the maximum of the face's map, and of all maps, is in the region.
        share: Share of the face that the region covers.
        correct: Whether the condition is ranked first.
    """

    region: str
    exceeds: float
    is_largest: bool
    probability_exceeds: float
    probability_is_largest: bool
    pointed: tuple[bool, bool]
    share: float
    correct: bool


def explain_images(pipeline: Pipeline, folder: Path, method: Method) -> Iterator[ImageResult]:
    """Explain each test image with signs in one region."""
    rows = parquet.read_table(folder / "truth.parquet").to_pylist()
    expected = {str(folder / row["path"]): row for row in rows if row["split"] == "test" and row["label"].endswith("-alone")}
    for one in pipeline.predict([Path(path) for path in expected], pixels=True):
        if isinstance(one, Prediction):
            row = expected[one.face_embedding.image.source]
            region = row["label"].removeprefix("phantom-").removesuffix("-alone")
            if region in {name for name, here in zip(one.regions, one.present, strict=True) if here}:
                yield _explain_one(pipeline, one, row, region, method)


def _explain_one(pipeline: Pipeline, one: Prediction, row: dict, region: str, method: Method) -> ImageResult:
    k = one.labels.index(row["label"])
    explanation = explain(pipeline, one, label=row["label"], maps=method)
    others = [n for n, name in enumerate(one.regions) if name not in {"face", region} and one.present[n]]
    r = one.regions.index(region)
    contributions, probabilities = explanation.contributions.values[:, k], one.region_probabilities[:, k]
    x0, y0, x1, y1 = one.face_embedding.face.box
    grid = np.stack(np.meshgrid(np.linspace(x0, x1, POINTS), np.linspace(y0, y1, POINTS)), axis=-1)
    outlines = {name: _outline(row, name) for name in (region, "face")}
    inside, face = (outlines[name].contains_points(grid.reshape(-1, 2)) for name in (region, "face"))
    face_maps = [m for m in explanation.maps if m.region == "face"]
    in_region = [bool(inside[heat(maps, k, grid).argmax()]) for maps in (face_maps, explanation.maps)]
    return ImageResult(
        region=region,
        exceeds=float(np.mean(contributions[r] > contributions[others])),
        is_largest=bool(contributions[r] > contributions[others].max()),
        probability_exceeds=float(np.mean(probabilities[r] > probabilities[others])),
        probability_is_largest=bool(probabilities[r] > probabilities[others].max()),
        pointed=(in_region[0], in_region[1]),
        share=float(inside.sum() / max(1, face.sum())),
        correct=one.ranking[0] == k,
    )


def _outline(row: dict, region: str) -> Outline:
    return Outline(np.reshape(row[f"region:{region}"], (-1, 2)))


def table(results: Iterable[ImageResult]) -> str:
    """The results as a Markdown table."""

    def line(name: str, group: list[ImageResult]) -> str:
        means = [
            np.mean([one.exceeds for one in group]), np.mean([one.is_largest for one in group]),
            np.mean([one.probability_exceeds for one in group]), np.mean([one.probability_is_largest for one in group]),
            *np.mean([one.pointed for one in group], axis=0), np.mean([one.share for one in group]),
        ]  # fmt: skip
        return f"| {name} | {len(group)} | " + " | ".join(f"{value:.2f}" for value in means) + " |"

    ordered = sorted(results, key=lambda one: one.region)
    lines = [line(region, list(group)) for region, group in groupby(ordered, key=lambda one: one.region)]
    lines += [line("**all**", ordered), line("all, ranked first", [one for one in ordered if one.correct])]
    head = (
        "| signs in | images | contributes more | contributes most | predicts more | predicts most | face's map | all maps "
        "| chance of maps |"
    )
    return "\n".join([head, "| --- " * 9 + "|", *lines])


if __name__ == "__main__":
    if len(sys.argv) not in {3, 4}:
        sys.exit(__doc__)
    bundle, data, *by = sys.argv[1:]
    print(table(explain_images(open_pipeline(Path(bundle), load_registry()), Path(data), "gradient" if by else "occlusion")))
