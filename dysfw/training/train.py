"""From a recipe and a data set to a bundle."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np

from ..bundle.contents import Fitted, Manifest, OutOfFoldPredictions, Performance, TrainingData
from ..bundle.write import write_bundle
from ..cache.store import StageCache
from ..data.checks import CheckedDataset, check_dataset, read_signatures
from ..data.dataset import Dataset, Sample, refuse_too_small
from ..data.findings import Finding
from ..errors import DysfwError
from ..inference.build import Components, Makers, build
from ..inference.classifier import Classifier
from ..inference.evidence import combine_out_of_fold, fit_evidence
from ..inference.fusion import cross_validated_fusion
from ..inference.loading import tuned_backbones, used_weights
from ..inference.pipeline import Pipeline
from ..inference.reliability_model import fit_reliability
from ..recipe.model import Recipe
from ..reliability.ood import fit_embedding_distribution
from ..reliability.prior import prior_of
from ..types import Failure, Float32
from ..util.atomic import refuse_existing
from ..util.environment import versions
from ..util.progress import Progress
from .agreement import agreement
from .card import model_card
from .composites import CompositeMaker, CompositeOutcome
from .embedded_dataset import EmbeddedDataset, embed_dataset
from .evidence import fit_evidence_on
from .fit import fit_heads, out_of_fold_predictions
from .fit_cache import FitCache
from .gallery_cases import collect_gallery_cases
from .performance import cross_validated_performance, held_out_performance, record_performance
from .preparation import SignatureObserver, all_findings, excluded_counts, prepare_dataset
from .refuse_finetuning import refuse_finetuning_without_torch

WeightDeltas = Mapping[str, Mapping[str, Float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What ``train`` made.

    Attributes:
        manifest: Of the bundle.
        failures: Images, of training or test, that could not be used.
        findings: What the data checks found.
        composites: What became of the composite of each condition; empty unless they were asked for.
    """

    manifest: Manifest
    failures: tuple[Failure, ...]
    findings: tuple[Finding, ...] = ()
    composites: tuple[CompositeOutcome, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Embedded:
    """The training and test images of a checked data set, embedded by the backbones that the bundle will use."""

    checked: CheckedDataset
    findings: tuple[Finding, ...]
    train: EmbeddedDataset
    test: EmbeddedDataset | None
    weight_deltas: WeightDeltas
    out_of_fold: OutOfFoldPredictions


def train(
    recipe: Recipe,
    dataset: Dataset,
    folder: Path,
    progress: Progress,
    *,
    about: str = "",
    cache: StageCache | None = None,
    composites: bool = False,
) -> Trained:
    """Check and embed the data, fit the heads and the fusion, evaluate them, and write a bundle.

    Args:
        recipe: The recipe to train.
        dataset: Labelled images. Those whose split is "test" take no part in fitting and give the held-out scores.
        folder: The bundle to write; must not exist.
        progress: Where the work is shown.
        about: What users of the bundle should know, for its card.
        cache: Where results of the pipeline's stages are kept.
        composites: Whether the bundle gets composites of conditions of which enough patients agreed.

    Raises:
        DysfwError: If the data are too small, or the recipe and the data do not fit together.
    """
    refuse_existing(folder)
    refuse_finetuning_without_torch(recipe)
    refuse_too_small(dataset.split("train"), dataset.origin)
    _refuse_untrained_labels(dataset)
    with progress.stage("loading the networks"):
        components = build(recipe)
    recipe = replace(recipe, precision=components.precision)  # the bundle states what "auto" meant here
    check_labels(recipe, components, _labels(dataset.split("train")))
    embed = _embed if recipe.tune.mode == "none" else _finetune
    with CompositeMaker(dataset, SignatureObserver(cache)) if composites else nullcontext() as maker:
        embedded = embed(recipe, components, dataset, progress, cache=cache, maker=maker)
        return _fit_and_write(
            recipe, components, dataset, embedded, folder, progress=progress, about=about, cache=cache, maker=maker
        )


def _fit_and_write(
    recipe: Recipe,
    components: Components,
    dataset: Dataset,
    embedded: _Embedded,
    folder: Path,
    *,
    progress: Progress,
    about: str,
    cache: StageCache | None,
    maker: CompositeMaker | None,
) -> Trained:
    """Fit everything to embedded images, and write a bundle."""
    with progress.stage("fitting heads and fusion"):
        known = FitCache(cache, recipe, components, embedded.train)
        fitted, classifier, fused = fit_classifier(
            recipe, components, embedded.train, embedded.out_of_fold, progress=progress, known=known
        )
    with progress.stage("comparing with float32"):
        agreed = agreement(recipe, classifier, embedded.train, embedded.weight_deltas, cache)
    cases, gallery = collect_gallery_cases(classifier.heads, embedded.train, dataset.relative)
    failures = embedded.checked.failures + embedded.train.failures + (embedded.test.failures if embedded.test else ())
    # Last, since the ledger keeps what was made for good.
    composites, outcomes = maker.make(embedded.checked.dataset.samples, embedded.train.samples) if maker else ({}, ())
    manifest = Manifest(
        name=folder.name,
        about=about,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        labels=list(embedded.train.labels),
        regions=list(classifier.heads),
        crop_size=components.crop_size,
        recipe_fingerprint=recipe.fingerprint,
        data=describe_data(
            embedded.train, knows_patients=dataset.knows_patients, findings=embedded.findings, failures=failures
        ),
        weights=used_weights(components),
        versions=versions(recipe.distributions),
        cross_validated=_cross_validated(recipe, classifier, embedded, fused),
        held_out=held_out_performance(classifier, embedded.test) if embedded.test else None,
        values={},
        files={},
        conditions=dict(dataset.conditions),
        gallery_cases=cases,
        agreement=agreed,
        composites={label: one.entry for label, one in composites.items()},
    )
    fitted = replace(fitted, tuned=embedded.weight_deltas, gallery=gallery, composites=composites)
    card = model_card(manifest, recipe, classifier.reliability)
    with progress.stage(f"writing {folder}"):
        manifest = _write(folder, partial(write_bundle, manifest=manifest, recipe=recipe.resolved(), fitted=fitted, card=card))
    return Trained(manifest, failures, embedded.findings, outcomes)


def _write(folder: Path, write: Callable[[Path], Manifest]) -> Manifest:
    """Write a bundle; if its disk is full, elsewhere, so that nothing that was fitted is lost.

    Raises:
        DysfwError: The bundle is not where it should be; says where it is.
    """
    try:
        return write(folder)
    except DysfwError as error:
        try:
            elsewhere = Path(tempfile.mkdtemp(prefix="dysfw-bundle-")) / folder.name
            write(elsewhere)
        except (DysfwError, OSError):  # what was fitted is in the cache, unless that disk is full as well
            hint = "fix this, then run the same command again: fitted heads are in the cache, as far as it could be written"
        else:
            hint = f"the bundle is complete in {elsewhere}; move it from there"
        raise DysfwError(error.message, hint=hint) from None


def check_labels(recipe: Recipe, components: Components, labels: tuple[str, ...]) -> None:
    """Check, before any image is embedded, that the data have every label that the recipe names.

    Raises:
        DysfwError: If they do not.
    """
    components.make_head(labels)
    one_each = np.arange(len(labels))
    prior_of(recipe.prior, labels, one_each, one_each)


def _labels(samples: Sequence[Sample]) -> tuple[str, ...]:
    return tuple(sorted({sample.label for sample in samples}))


def _refuse_untrained_labels(dataset: Dataset) -> None:
    unknown = sorted(set(_labels(dataset.split("test"))) - set(_labels(dataset.split("train"))))
    if unknown:
        raise DysfwError(
            f"{dataset.origin}: test images of {unknown}, but no training image",
            hint="add training images of these conditions, or remove their test images",
        )


def _embed(
    recipe: Recipe,
    components: Components,
    dataset: Dataset,
    progress: Progress,
    *,
    cache: StageCache | None,
    maker: CompositeMaker | None,
) -> _Embedded:
    """Read, check and embed training and test images in one pass, in which the faces for composites are collected."""
    signatures = maker.signatures if maker else SignatureObserver(cache)
    prepared = prepare_dataset(Pipeline(recipe, components, cache=cache), dataset, progress, signatures, maker)
    used = prepared.checked.dataset
    _refuse_untrained_labels(used)
    labels = _labels(used.split("train"))
    examples = prepared.embedded.select(used.split("train"), labels)
    refuse_too_small(examples.samples, dataset.origin, examples.failures)
    test = prepared.embedded.select(used.split("test"), labels)
    known = FitCache(cache, recipe, components, examples)
    out_of_fold = out_of_fold_predictions(
        components.make_head, examples, recipe.seed, progress, known=known, make_evidence=components.make_evidence
    )
    return _Embedded(prepared.checked, prepared.findings, examples, test if len(test) else None, {}, out_of_fold)


def _finetune(
    recipe: Recipe,
    components: Components,
    dataset: Dataset,
    progress: Progress,
    *,
    cache: StageCache | None,
    maker: CompositeMaker | None,
) -> _Embedded:
    """Check the images, fine-tune the backbone for each region, and embed by the fine-tuned backbones."""
    from .finetune.tuner import Tuner

    signatures, unreadable = read_signatures(dataset, progress)
    checked = check_dataset(dataset, signatures, unreadable)
    if maker:
        maker.read(components.detector, signatures, progress)
    used = checked.dataset
    _refuse_untrained_labels(used)
    samples = used.split("train")
    labels = _labels(samples)
    with tempfile.TemporaryDirectory(prefix="dysfw-crops-") as folder:
        tuner = Tuner(recipe, components, samples, labels, folder=Path(folder), progress=progress, conditions=used.conditions)
        refuse_too_small(tuner.embedded.samples, dataset.origin, tuner.embedded.failures)
        known = FitCache(cache, recipe, components, tuner.embedded)
        out_of_fold = out_of_fold_predictions(
            components.make_head,
            tuner.embedded,
            recipe.seed,
            progress,
            tuner.embed_with,
            known=known,
            make_evidence=components.make_evidence,
        )
        deltas = tuner.tune(np.arange(len(tuner.embedded)), progress)
        examples = tuner.embed(deltas)
    pipeline = Pipeline(recipe, components, tuned=tuned_backbones(components.backbone, deltas), cache=cache)
    test_samples = used.split("test")
    test = embed_dataset(pipeline, test_samples, labels, "embedding test images", progress) if test_samples else None
    return _Embedded(checked, all_findings(checked, examples, test), examples, test, deltas, out_of_fold)


def fit_classifier(
    recipe: Recipe,
    components: Components | Makers,
    embedded: EmbeddedDataset,
    out_of_fold: OutOfFoldPredictions,
    *,
    progress: Progress | None = None,
    known: FitCache | None = None,
) -> tuple[Fitted, Classifier, Float32]:
    """Fit a head for each region, the fusion, and the reliability model.

    Args:
        recipe: The recipe.
        components: Its components, or what makes them.
        embedded: The training images.
        out_of_fold: Out-of-fold predictions on the same images.
        progress: Where the work is shown.
        known: Heads that are known from before; receives the others.

    Returns:
        The fitted states, the classifier made of them, and its cross-validated predictions, float32 [N, K].
    """
    fused = cross_validated_fusion(components.make_fusion, out_of_fold, recipe.seed)
    heads = fit_heads(components.make_head, embedded, progress, known)
    fusion = components.make_fusion()
    if fusion.needs_fit:
        fusion.fit(out_of_fold.probabilities, out_of_fold.present, out_of_fold.y, out_of_fold.split_groups)
    distribution = fit_embedding_distribution(embedded.embeddings, embedded.present, embedded.groups)
    prior = prior_of(recipe.prior, embedded.labels, out_of_fold.y, out_of_fold.groups)
    reliability = fit_reliability(recipe.reliability, out_of_fold, fused, distribution, prior)
    evidence = fit_evidence_on(components.make_evidence, embedded)
    model = None
    if evidence:
        named = dict(zip(recipe.evidence_names, evidence, strict=True))
        model = fit_evidence(named, embedded.condition_ids, out_of_fold, fused, reliability, seed=recipe.seed)
    states = {region: head.state() for region, head in heads.items()}
    evidence_states = tuple(one.state() for one in evidence)
    fitted = Fitted(states, fusion.state(), out_of_fold, distribution, evidence=evidence_states)
    return fitted, Classifier(embedded.labels, heads, fusion, reliability, evidence=model), fused


def _cross_validated(recipe: Recipe, classifier: Classifier, embedded: _Embedded, fused: Float32) -> Performance:
    """Scores of the face and, if the recipe reads records, of face and record."""
    measured = cross_validated_performance(fused, embedded.out_of_fold, embedded.train.regions)
    combined = combine_out_of_fold(embedded.out_of_fold, fused, classifier.reliability, seed=recipe.seed)
    return measured.model_copy(update={"records": record_performance(combined)}) if combined else measured


def describe_data(
    embedded: EmbeddedDataset,
    *,
    knows_patients: bool,
    findings: Sequence[Finding] = (),
    failures: Sequence[Failure] = (),
) -> TrainingData:
    """What a bundle says of its training data."""
    return TrainingData(
        fingerprint=embedded.fingerprint,
        images=len(embedded),
        patients=len(set(embedded.groups.tolist())) if knows_patients else None,
        per_label=dict(sorted(Counter(sample.label for sample in embedded.samples).items())),
        excluded=dict(excluded_counts(findings, failures)),
        findings=list(findings),
    )
