"""Adds the records of test patients to a recipe's scores, with weights learned on the training images of a protocol."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...cache.store import StageCache
from ...inference.build import Components
from ...inference.evidence import log_likelihoods
from ...inference.fusion import cross_validated_fusion
from ...recipe.model import Recipe
from ...reliability.combination import CombinationWeights, combine, fit_combination
from ...reliability.temperature import apply_temperature, fit_temperature
from ...training.embedded_dataset import EmbeddedDataset
from ...training.evidence import MakeEvidence, fit_evidence_on
from ...training.fit import out_of_fold_predictions
from ...training.fit_cache import FitCache
from ...types import Float32, Int64
from ...util.progress import Silent


@dataclass(frozen=True, slots=True)
class LearnedWeights:
    """How face and record are combined.

    Attributes:
        temperature: Calibrates the face.
        weights: Weights of the face and of each kind of evidence.
    """

    temperature: float
    weights: CombinationWeights


def learn_weights(
    recipe: Recipe, components: Components, embedded: EmbeddedDataset, training_rows: Int64, cache: StageCache | None = None
) -> LearnedWeights:
    """Learn, out of fold, on the images that a protocol gives for training.

    Args:
        recipe: The recipe, with evidence.
        components: Its components.
        embedded: All images.
        training_rows: int64, rows of the training images.
        cache: Where fitted heads are kept.

    Returns:
        The weights; those of Bayes' theorem if there are too few training images.
    """
    samples = [embedded.samples[n] for n in training_rows]
    labels = tuple(sorted({sample.label for sample in samples}))
    train = embedded.select(samples, labels)
    if len(labels) < 2 or len(np.unique(train.groups)) < 2 * len(labels):
        return LearnedWeights(1.0, CombinationWeights(1.0, (1.0,) * len(recipe.evidence)))
    predictions = out_of_fold_predictions(
        components.make_head,
        train,
        recipe.seed,
        Silent(),
        known=FitCache(cache, recipe, components, train),
        make_evidence=components.make_evidence,
    )
    assert predictions.log_likelihoods is not None  # noqa: S101  # the recipe has evidence
    fused = cross_validated_fusion(components.make_fusion, predictions, recipe.seed)
    temperature = fit_temperature(fused, predictions.y, predictions.groups)
    face = apply_temperature(fused, temperature)
    weights = fit_combination(face, predictions.log_likelihoods, predictions.y, predictions.groups)
    return LearnedWeights(temperature, weights)


def add_records(
    scores: Float32,
    embedded: EmbeddedDataset,
    *,
    gallery_rows: Int64,
    test_rows: Int64,
    make_evidence: MakeEvidence,
    learned: LearnedWeights,
) -> Float32:
    """Combine the scores of faces with the records of their patients.

    Args:
        scores: float32 [M, K], fused probabilities; NaN for conditions without an image in the gallery.
        embedded: All images, of K conditions.
        gallery_rows: int64 [G], the gallery, to which evidence is fitted.
        test_rows: int64 [M], the images that are ranked.
        make_evidence: Makes the recipe's evidence.
        learned: How face and record are combined.

    Returns:
        float32 [M, K].
    """
    samples = [embedded.samples[n] for n in gallery_rows]
    gallery = embedded.select(samples, tuple(sorted({sample.label for sample in samples})))
    evidence = fit_evidence_on(make_evidence, gallery)
    values = log_likelihoods(evidence, [embedded.samples[n].record for n in test_rows], gallery.condition_ids)
    columns = [embedded.labels.index(label) for label in gallery.labels]
    face = apply_temperature(scores[:, columns], learned.temperature)
    uniform = np.full(len(columns), 1 / len(columns))
    combined = np.full_like(scores, np.nan)
    combined[:, columns] = combine(face, values, uniform, learned.weights)
    return combined
