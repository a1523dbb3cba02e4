"""What a faster precision changes: some of the training photographs, judged in float32 too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..bundle.contents import Agreement
from ..cache.store import StageCache
from ..inference.build import build
from ..inference.classifier import Classifier
from ..inference.loading import tuned_backbones
from ..inference.pipeline import Pipeline
from ..recipe.model import Recipe
from ..types import FaceEmbedding, Float32
from .embedded_dataset import EmbeddedDataset

EXACT = "float32"
MOST = 64  # photographs


def agreement(
    recipe: Recipe,
    classifier: Classifier,
    embedded: EmbeddedDataset,
    tuned: Mapping[str, Mapping[str, Float32]],
    cache: StageCache | None,
) -> Agreement | None:
    """How often the condition ranked first is the same in float32, and the largest difference of a probability; None where the
    recipe computes in that. examples: as the recipe embeds them. tuned: what its trunk's regional copies differ in."""
    if recipe.precision == EXACT:
        return None
    exact = replace(recipe, precision=EXACT)
    components = build(exact)
    pipeline = Pipeline(exact, components, tuned=tuned_backbones(components.backbone, tuned), cache=cache)
    chosen = np.unique(np.linspace(0, len(embedded) - 1, MOST).astype(np.int64))
    paths = [embedded.samples[n].path for n in chosen]
    first: dict[str, FaceEmbedding] = {}
    for result in pipeline.embed(paths):
        if isinstance(result, FaceEmbedding):
            first.setdefault(result.image.source, result)
    both = [(n, first[str(path)]) for n, path in zip(chosen, paths, strict=True) if str(path) in first]
    if not both:
        return None
    rows = np.array([n for n, _ in both])
    _, fast = classifier.predict(list(embedded.embeddings[rows]), list(embedded.present[rows]))
    _, slow = classifier.predict([one.embeddings for _, one in both], [one.present for _, one in both])
    same = (fast.argmax(axis=1) == slow.argmax(axis=1)).mean()
    return Agreement(
        precision=recipe.precision, images=len(both), same_top_1=float(same), max_difference=float(np.abs(fast - slow).max())
    )
