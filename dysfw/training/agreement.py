"""Measures what a faster precision changes: some training images are also predicted in float32."""

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
MAX_IMAGES = 64


def agreement(
    recipe: Recipe,
    classifier: Classifier,
    embedded: EmbeddedDataset,
    weight_deltas: Mapping[str, Mapping[str, Float32]],
    cache: StageCache | None,
) -> Agreement | None:
    """Compare predictions with those in float32.

    Args:
        recipe: The trained recipe.
        classifier: Its fitted parts.
        embedded: Training images, embedded in the recipe's precision.
        weight_deltas: For each region with a fine-tuned backbone, how its weights differ from the common ones.
        cache: Where results of the pipeline's stages are kept.

    Returns:
        How often the first condition is the same, and the largest difference of a probability. None if the recipe computes in
        float32.
    """
    if recipe.precision == EXACT:
        return None
    exact = replace(recipe, precision=EXACT)
    components = build(exact)
    pipeline = Pipeline(exact, components, tuned=tuned_backbones(components.backbone, weight_deltas), cache=cache)
    chosen = np.unique(np.linspace(0, len(embedded) - 1, MAX_IMAGES).astype(np.int64))
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
