"""Do explanations point where the signs are? On phantoms whose signs lie in one region each.

    dysfw phantom dataset benchmarks/one_region/spec.yaml -o out/one-region
    dysfw train recipes/dlib.yaml out/one-region -o out/one-region-dlib
    python benchmarks/explained_truth.py out/one-region-dlib out/one-region             # maps by occlusion
    python benchmarks/explained_truth.py out/one-region-dlib out/one-region gradient

For every test photograph of a condition its own probability is explained. Regions: how often that of the signs adds more than
another one does (the mean over the five others; chance 0.5: an AUROC within each photograph), and how often it adds most
(chance 1 in 6). The whole face holds every region, so it does not compete. Maps, the pointing game (Zhang et al., Int J Comput
Vis 2018;126:1084): how often the strongest point of the whole face's map, and of all maps together, lies in the region of the
signs, by the outline that the mesh gives, and how much of the face that region is, which is chance.
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

POINTS = 96  # on each side of the face's box, where maps are read


@dataclass(frozen=True)
class Found:
    """Of one photograph. before, best: by contributions. alone, own_best: the same by the regions' own votes. pointed: by the
    face's map and by all maps. share: of the face that the region is. right: the condition ranks first."""

    region: str
    before: float
    best: bool
    alone: float
    own_best: bool
    pointed: tuple[bool, bool]
    share: float
    right: bool


def look(pipeline: Pipeline, folder: Path, method: Method) -> Iterator[Found]:
    rows = parquet.read_table(folder / "truth.parquet").to_pylist()
    asked = {str(folder / row["path"]): row for row in rows if row["split"] == "test" and row["label"].endswith("-alone")}
    for one in pipeline.predict([Path(path) for path in asked], pixels=True):
        if isinstance(one, Prediction):
            row = asked[one.subject.image.source]
            region = row["label"].removeprefix("phantom-").removesuffix("-alone")
            if region in {name for name, here in zip(one.regions, one.present, strict=True) if here}:
                yield _found(pipeline, one, row, region, method)


def _found(pipeline: Pipeline, one: Prediction, row: dict, region: str, method: Method) -> Found:
    k = one.labels.index(row["label"])
    told = explain(pipeline, one, label=row["label"], maps=method)
    others = [r for r, name in enumerate(one.regions) if name not in {"face", region} and one.present[r]]
    own = one.regions.index(region)
    added, region_probabilities = told.contributions.values[:, k], one.region_probabilities[:, k]
    x0, y0, x1, y1 = one.subject.face.box
    grid = np.stack(np.meshgrid(np.linspace(x0, x1, POINTS), np.linspace(y0, y1, POINTS)), axis=-1)
    outlines = {name: _outline(row, name) for name in (region, "face")}
    inside, face = (outlines[name].contains_points(grid.reshape(-1, 2)) for name in (region, "face"))
    whole = [m for m in told.maps if m.region == "face"]
    strongest = [bool(inside[heat(maps, k, grid).argmax()]) for maps in (whole, told.maps)]
    return Found(
        region=region,
        before=float(np.mean(added[own] > added[others])),
        best=bool(added[own] > added[others].max()),
        alone=float(np.mean(region_probabilities[own] > region_probabilities[others])),
        own_best=bool(region_probabilities[own] > region_probabilities[others].max()),
        pointed=(strongest[0], strongest[1]),
        share=float(inside.sum() / max(1, face.sum())),
        right=one.ranking[0] == k,
    )


def _outline(row: dict, region: str) -> Outline:
    return Outline(np.reshape(row[f"region:{region}"], (-1, 2)))


def table(found: Iterable[Found]) -> str:
    def line(name: str, own: list[Found]) -> str:
        means = [
            np.mean([one.before for one in own]), np.mean([one.best for one in own]),
            np.mean([one.alone for one in own]), np.mean([one.own_best for one in own]),
            *np.mean([one.pointed for one in own], axis=0), np.mean([one.share for one in own]),
        ]  # fmt: skip
        return f"| {name} | {len(own)} | " + " | ".join(f"{value:.2f}" for value in means) + " |"

    every = sorted(found, key=lambda one: one.region)
    lines = [line(region, list(own)) for region, own in groupby(every, key=lambda one: one.region)]
    lines += [line("**all**", every), line("all, ranked first", [one for one in every if one.right])]
    head = (
        "| signs in | photographs | adds more | adds most | votes more | votes most | face's map | all maps | chance of maps |"
    )
    return "\n".join([head, "| --- " * 9 + "|", *lines])


if __name__ == "__main__":
    if len(sys.argv) not in {3, 4}:
        sys.exit(__doc__)
    bundle, data, *by = sys.argv[1:]
    print(table(look(open_pipeline(Path(bundle), load_registry()), Path(data), "gradient" if by else "occlusion")))
