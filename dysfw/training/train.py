"""From a recipe and a data set to a bundle."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ..bundle.contents import Fitted, Manifest, Performance, TrainingData, Votes
from ..bundle.write import write_bundle
from ..cache.store import StageCache
from ..data.dataset import Dataset, Item, refuse_too_small
from ..engine.assemble import used_weights, vary
from ..engine.build import Components, build
from ..engine.fusing import cross_validated_fusion
from ..engine.judge import Judge
from ..engine.pipeline import Pipeline
from ..engine.trust import fit_trust
from ..environment import versions
from ..errors import DysfwError
from ..progress import Progress
from ..recipe.model import Recipe
from ..reliability.prior import prior_of
from ..reliability.typicality import fit_typicality
from ..types import Failure, Float32
from ..whole import refuse_existing
from .agreement import agreement
from .card import model_card
from .cases import keep_cases
from .examples import Examples, embed_examples
from .fit import fit_heads, held_out_performance, out_of_fold_votes, performance

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
    train_items, test_items = dataset.split("train"), dataset.split("test")
    refuse_too_small(train_items, dataset.origin)
    labels = tuple(sorted({item.label for item in train_items}))
    unknown = sorted({item.label for item in test_items} - set(labels))
    if unknown:
        raise DysfwError(f"{dataset.origin}: test photographs of {unknown}, which has no photograph to train on")

    components = build(recipe)
    recipe = replace(recipe, precision=components.precision)  # what auto meant here: the bundle keeps it
    refuse_labels(recipe, components, labels)
    plain = Pipeline(recipe, components, cache=cache)
    examples, tuned, votes = _learn(plain, train_items, labels, origin=dataset.origin, progress=progress)
    pipeline = Pipeline(recipe, components, tuned=vary(components.backbone, tuned), cache=cache)
    test = embed_examples(pipeline, test_items, labels, "embedding test photographs", progress) if test_items else None
    fitted, judge, cross_validated = fit_judge(recipe, components, examples, votes)
    kept, seen = keep_cases(judge.heads, examples, dataset.relative)
    fitted = replace(fitted, tuned=tuned, cases=seen)
    manifest = Manifest(
        name=folder.name,
        about=about,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        labels=list(labels),
        regions=list(judge.heads),
        crop_size=components.crop_size,
        recipe_fingerprint=recipe.fingerprint,
        data=describe(examples, dataset.knows_patients),
        weights=used_weights(components),
        versions=versions({node.origin.partition(" ")[0] for node in recipe.nodes.values()}),
        cross_validated=cross_validated,
        held_out=held_out_performance(judge, test) if test is not None and len(test) else None,
        values={},
        files={},
        conditions=dict(dataset.conditions),
        cases=kept,
        agreement=agreement(recipe, judge, examples, tuned, cache),
    )
    manifest = write_bundle(folder, manifest, recipe.resolved(), fitted, model_card(manifest, recipe, judge.trust))
    return Trained(manifest, examples.failures + (test.failures if test else ()))


def refuse_labels(recipe: Recipe, components: Components, labels: tuple[str, ...]) -> None:
    """Raise DysfwError, before any photograph is embedded, where the recipe names labels that the data does not have."""
    components.make_head(labels)
    one_each = np.arange(len(labels))
    prior_of(recipe.prior, labels, one_each, one_each)


def _learn(
    pipeline: Pipeline, items: Sequence[Item], labels: Sequence[str], *, origin: Path, progress: Progress
) -> tuple[Examples, Differences, Votes]:
    """Embeddings by the trunk, tuned to each region where the recipe says so; what that changed; out-of-fold votes by heads,
    and then by trunks too, that had not seen the photograph."""
    recipe, components = pipeline.recipe, pipeline.components
    if recipe.tune.mode == "none":
        examples = embed_examples(pipeline, items, labels, "embedding", progress)
        refuse_too_small(examples.items, origin)
        return examples, {}, out_of_fold_votes(components.make_head, examples, recipe.seed, progress)
    from .tuner import Tuner

    with tempfile.TemporaryDirectory(prefix="dysfw-crops-") as folder:
        tuner = Tuner(recipe, components, items, labels, folder=Path(folder), progress=progress)
        refuse_too_small(tuner.examples.items, origin)
        votes = out_of_fold_votes(components.make_head, tuner.examples, recipe.seed, progress, tuner.embedded_by)
        tuned = tuner.tune(np.arange(len(tuner.examples)), progress)
        return tuner.embedded(tuned), tuned, votes


def fit_judge(recipe: Recipe, components: Components, examples: Examples, votes: Votes) -> tuple[Fitted, Judge, Performance]:
    """A head for each region, the fusion and what to believe of both. votes: out of fold, on the same photographs."""
    fused = cross_validated_fusion(components.make_fusion, votes, recipe.seed)
    cross_validated = performance(fused, votes.probabilities, votes.present, votes.y, examples.regions)
    heads = fit_heads(components.make_head, examples)
    fusion = components.make_fusion()
    if fusion.learns:
        fusion.fit(votes.probabilities, votes.present, votes.y, votes.groups)
    typicality = fit_typicality(examples.embeddings, examples.present, examples.groups)
    prior = prior_of(recipe.prior, examples.labels, votes.y, votes.groups)
    trust = fit_trust(recipe.reliability, votes, fused, typicality, prior)
    states = {region: head.state() for region, head in heads.items()}
    fitted = Fitted(states, fusion.state(), votes, typicality=typicality)
    return fitted, Judge(examples.labels, heads, fusion, trust), cross_validated


def describe(examples: Examples, knows_patients: bool) -> TrainingData:
    return TrainingData(
        fingerprint=examples.fingerprint,
        images=len(examples),
        patients=len(set(examples.groups.tolist())) if knows_patients else None,
        per_label=dict(sorted(Counter(item.label for item in examples.items).items())),
        excluded=dict(Counter(failure.code for failure in examples.failures)),
    )
