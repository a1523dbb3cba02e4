"""From a recipe and a data set to a bundle."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ..bundle.contents import Fitted, Manifest, OutOfFoldPredictions, Performance, TrainingData
from ..bundle.write import write_bundle
from ..cache.store import StageCache
from ..data.dataset import Dataset, Sample, refuse_too_small
from ..errors import DysfwError
from ..inference.build import Components, build
from ..inference.classifier import Classifier
from ..inference.fusion import cross_validated_fusion
from ..inference.loading import tuned_backbones, used_weights
from ..inference.pipeline import Pipeline
from ..inference.reliability import fit_reliability
from ..recipe.model import Recipe
from ..reliability.ood import fit_embedding_distribution
from ..reliability.prior import prior_of
from ..types import Failure, Float32
from ..util.atomic import refuse_existing
from ..util.environment import versions
from ..util.progress import Progress
from .agreement import agreement
from .card import model_card
from .embedded_dataset import EmbeddedDataset, embed_dataset
from .fit import fit_heads, held_out_performance, out_of_fold_predictions, performance
from .gallery_cases import collect_gallery_cases

Differences = Mapping[str, Mapping[str, Float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What ``train`` made. failures: photographs, of training or test, that could not be used."""

    manifest: Manifest
    failures: tuple[Failure, ...]


def train(
    recipe: Recipe, dataset: Dataset, folder: Path, progress: Progress, *, about: str = "", cache: StageCache | None = None
) -> Trained:
    """Embed the data once, fit a head for each region and the fusion, measure, and write the bundle ``folder``.

    about: what users of the bundle should know, for its card. Photographs whose split is "test" take no part in fitting and
    give the held-out scores. cache: of what was computed before. Raises DysfwError.
    """
    refuse_existing(folder)
    train_samples, test_samples = dataset.split("train"), dataset.split("test")
    refuse_too_small(train_samples, dataset.origin)
    labels = tuple(sorted({sample.label for sample in train_samples}))
    unknown = sorted({sample.label for sample in test_samples} - set(labels))
    if unknown:
        raise DysfwError(f"{dataset.origin}: test photographs of {unknown}, which has no photograph to train on")

    components = build(recipe)
    recipe = replace(recipe, precision=components.precision)  # what auto meant here: the bundle keeps it
    refuse_labels(recipe, components, labels)
    plain = Pipeline(recipe, components, cache=cache)
    embedded, tuned, votes = _learn(plain, train_samples, labels, origin=dataset.origin, progress=progress)
    pipeline = Pipeline(recipe, components, tuned=tuned_backbones(components.backbone, tuned), cache=cache)
    test = embed_dataset(pipeline, test_samples, labels, "embedding test photographs", progress) if test_samples else None
    fitted, classifier, cross_validated = fit_classifier(recipe, components, embedded, votes)
    kept, seen = collect_gallery_cases(classifier.heads, embedded, dataset.relative)
    fitted = replace(fitted, tuned=tuned, gallery=seen)
    manifest = Manifest(
        name=folder.name,
        about=about,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        labels=list(labels),
        regions=list(classifier.heads),
        crop_size=components.crop_size,
        recipe_fingerprint=recipe.fingerprint,
        data=describe(embedded, dataset.knows_patients),
        weights=used_weights(components),
        versions=versions({node.origin.partition(" ")[0] for node in recipe.nodes.values()}),
        cross_validated=cross_validated,
        held_out=held_out_performance(classifier, test) if test is not None and len(test) else None,
        values={},
        files={},
        conditions=dict(dataset.conditions),
        gallery_cases=kept,
        agreement=agreement(recipe, classifier, embedded, tuned, cache),
    )
    manifest = write_bundle(folder, manifest, recipe.resolved(), fitted, model_card(manifest, recipe, classifier.reliability))
    return Trained(manifest, embedded.failures + (test.failures if test else ()))


def refuse_labels(recipe: Recipe, components: Components, labels: tuple[str, ...]) -> None:
    """Raise DysfwError, before any photograph is embedded, where the recipe names labels that the data does not have."""
    components.make_head(labels)
    one_each = np.arange(len(labels))
    prior_of(recipe.prior, labels, one_each, one_each)


def _learn(
    pipeline: Pipeline, samples: Sequence[Sample], labels: Sequence[str], *, origin: Path, progress: Progress
) -> tuple[EmbeddedDataset, Differences, OutOfFoldPredictions]:
    """Embeddings by the trunk, tuned to each region where the recipe says so; what that changed; out-of-fold votes by heads,
    and then by trunks too, that had not seen the photograph."""
    recipe, components = pipeline.recipe, pipeline.components
    if recipe.tune.mode == "none":
        embedded = embed_dataset(pipeline, samples, labels, "embedding", progress)
        refuse_too_small(embedded.samples, origin)
        return embedded, {}, out_of_fold_predictions(components.make_head, embedded, recipe.seed, progress)
    from .finetune.tuner import Tuner

    with tempfile.TemporaryDirectory(prefix="dysfw-crops-") as folder:
        tuner = Tuner(recipe, components, samples, labels, folder=Path(folder), progress=progress)
        refuse_too_small(tuner.embedded.samples, origin)
        votes = out_of_fold_predictions(components.make_head, tuner.embedded, recipe.seed, progress, tuner.embed_with)
        tuned = tuner.tune(np.arange(len(tuner.embedded)), progress)
        return tuner.embed(tuned), tuned, votes


def fit_classifier(
    recipe: Recipe, components: Components, embedded: EmbeddedDataset, votes: OutOfFoldPredictions
) -> tuple[Fitted, Classifier, Performance]:
    """A head for each region, the fusion and what to believe of both. votes: out of fold, on the same photographs."""
    fused = cross_validated_fusion(components.make_fusion, votes, recipe.seed)
    cross_validated = performance(fused, votes.probabilities, votes.present, votes.y, embedded.regions)
    heads = fit_heads(components.make_head, embedded)
    fusion = components.make_fusion()
    if fusion.needs_fit:
        fusion.fit(votes.probabilities, votes.present, votes.y, votes.groups)
    embedding_distribution = fit_embedding_distribution(embedded.embeddings, embedded.present, embedded.groups)
    prior = prior_of(recipe.prior, embedded.labels, votes.y, votes.groups)
    reliability = fit_reliability(recipe.reliability, votes, fused, embedding_distribution, prior)
    states = {region: head.state() for region, head in heads.items()}
    fitted = Fitted(states, fusion.state(), votes, embedding_distribution=embedding_distribution)
    return fitted, Classifier(embedded.labels, heads, fusion, reliability), cross_validated


def describe(embedded: EmbeddedDataset, knows_patients: bool) -> TrainingData:
    return TrainingData(
        fingerprint=embedded.fingerprint,
        images=len(embedded),
        patients=len(set(embedded.groups.tolist())) if knows_patients else None,
        per_label=dict(sorted(Counter(sample.label for sample in embedded.samples).items())),
        excluded=dict(Counter(failure.code for failure in embedded.failures)),
    )
