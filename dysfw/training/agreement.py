"""What a faster precision changes: some of the training photographs, judged in float32 too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..bundle.contents import Agreement
from ..cache.store import StageCache
from ..engine.assemble import vary
from ..engine.build import build
from ..engine.judge import Judge
from ..engine.pipeline import Pipeline
from ..recipe.model import Recipe
from ..types import Embedded, Float32
from .examples import Examples

EXACT = "float32"
MOST = 64  # photographs


def agreement(
    recipe: Recipe, judge: Judge, examples: Examples, tuned: Mapping[str, Mapping[str, Float32]], cache: StageCache | None
) -> Agreement | None:
    """How often the condition ranked first is the same in float32, and the largest difference of a probability; None where the
    recipe computes in that. examples: as the recipe embeds them. tuned: what its trunk's regional copies differ in."""
    if recipe.precision == EXACT:
        return None
    exact = replace(recipe, precision=EXACT)
    components = build(exact)
    pipeline = Pipeline(exact, components, tuned=vary(components.backbone, tuned), cache=cache)
    chosen = np.unique(np.linspace(0, len(examples) - 1, MOST).astype(np.int64))
    paths = [examples.items[n].path for n in chosen]
    first: dict[str, Embedded] = {}
    for result in pipeline.embed(paths):
        if isinstance(result, Embedded):
            first.setdefault(result.image.source, result)
    both = [(n, first[str(path)]) for n, path in zip(chosen, paths, strict=True) if str(path) in first]
    if not both:
        return None
    rows = np.array([n for n, _ in both])
    _, fast = judge.judge(list(examples.embeddings[rows]), list(examples.present[rows]))
    _, slow = judge.judge([one.embeddings for _, one in both], [one.present for _, one in both])
    same = (fast.argmax(axis=1) == slow.argmax(axis=1)).mean()
    return Agreement(
        precision=recipe.precision, photographs=len(both), same_first=float(same), largest=float(np.abs(fast - slow).max())
    )
