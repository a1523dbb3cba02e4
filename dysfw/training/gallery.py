"""Adds cases to the gallery of a bundle, or removes them.

Heads, fusion and reliability model are fitted again to the stored embeddings. This needs no training image and trains no
backbone.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ..bundle.composites import Composite
from ..bundle.contents import Bundle, GalleryCase
from ..bundle.read import read_bundle
from ..bundle.write import write_bundle
from ..cache.store import StageCache
from ..data.conditions import Condition
from ..data.dataset import Dataset, Sample, patient_numbers, refuse_too_small
from ..errors import DysfwError
from ..inference.loading import open_pipeline
from ..inference.pipeline import Pipeline
from ..registry.registry import Registry
from ..types import Failure, Int64
from ..util.progress import Progress, Silent
from ..util.text import closest, count, listed
from .card import model_card
from .embedded_dataset import EmbeddedDataset, embed_dataset
from .fit import out_of_fold_predictions
from .gallery_cases import collect_gallery_cases, gallery_embeddings
from .performance import cross_validated_performance
from .train import Trained, describe_data, fit_classifier


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """A bundle whose heads keep cases.

    Attributes:
        bundle: The bundle.
        pipeline: Its pipeline.
        embedded: The embedded images of its gallery cases.
    """

    bundle: Bundle
    pipeline: Pipeline
    embedded: EmbeddedDataset


def open_gallery(folder: Path, registry: Registry, cache: StageCache | None = None) -> Gallery:
    """Open a bundle to change its gallery.

    Args:
        folder: The bundle.
        registry: The components of all plugins.
        cache: Where results of the pipeline's stages are kept.

    Raises:
        DysfwError: If the bundle has no gallery cases.
    """
    bundle = read_bundle(folder, registry)
    pipeline = open_pipeline(folder, registry, cache=cache)
    assert pipeline.classifier  # noqa: S101  # or opening it would have failed
    return Gallery(bundle, pipeline, gallery_embeddings(bundle, pipeline.classifier.heads))


def add_cases(gallery: Gallery, dataset: Dataset, output: Path, progress: Progress) -> Trained:
    """Add the images of a data set to the gallery.

    Args:
        gallery: The gallery.
        dataset: The images. Those that are already in the gallery, or cannot be embedded, are returned as failures.
        output: The bundle to write. If it is the gallery's own folder, this is replaced once the new bundle is complete.
        progress: Where the work is shown.

    Raises:
        DysfwError: If no image can be added, or the bundle cannot be written.
    """
    current = gallery.embedded
    labels = tuple(sorted({*current.labels, *dataset.labels}))
    embedded = embed_dataset(gallery.pipeline, dataset.samples, labels, "embedding", progress)
    new_rows, duplicates = _find_new(embedded, current)
    failures = (*embedded.failures, *duplicates)
    if not new_rows.size:
        reasons = listed(sorted({failure.message for failure in failures}), 3)
        raise DysfwError(f"none of the {count(len(dataset.samples), 'image')} can be added: {reasons}")
    new = _with_unique_names(embedded.rows(new_rows), current, dataset.relative)
    joined = _concatenate(current, new, labels)
    added = listed(sorted({sample.label for sample in new.samples}))
    conditions = {**gallery.bundle.manifest.conditions, **dataset.conditions}
    change = f"added {count(len(new), 'image')} of {added}"
    return _write(gallery, joined, output, change=change, conditions=conditions, failures=failures)


def remove_cases(gallery: Gallery, ids: Collection[str], labels: Collection[str], output: Path) -> Trained:
    """Remove cases from the gallery.

    Args:
        gallery: The gallery.
        ids: Ids of cases to remove.
        labels: Conditions of which all cases are removed.
        output: The bundle to write. If it is the gallery's own folder, this is replaced once the new bundle is complete.

    Raises:
        DysfwError: If an id or a label is unknown, or if fewer than two conditions would remain.
    """
    current = gallery.embedded
    names = [str(sample.path) for sample in current.samples]
    for requested, existing, what in ((ids, names, "case"), (labels, current.labels, "condition")):
        unknown = [name for name in requested if name not in existing]
        if unknown:
            raise DysfwError(
                f"no {what} of {gallery.bundle.folder} is called {unknown[0]!r}{closest(unknown[0], existing)}",
                hint="`dysfw gallery list BUNDLE --cases` shows all",
            )
    kept_rows = [n for n, sample in enumerate(current.samples) if names[n] not in ids and sample.label not in labels]
    kept = current.rows(np.array(kept_rows, np.int64))
    kept_labels = tuple(label for label in current.labels if any(sample.label == label for sample in kept.samples))
    if len(kept_labels) < 2:
        raise DysfwError("fewer than two conditions would be left", hint="a classifier needs two; remove less")
    y = np.array([kept_labels.index(sample.label) for sample in kept.samples], np.int64)
    relabelled = replace(kept, labels=kept_labels, y=y)
    conditions = {label: one for label, one in gallery.bundle.manifest.conditions.items() if label in kept_labels}
    change = f"removed {count(len(current) - len(kept), 'image')}"
    return _write(gallery, relabelled, output, change=change, conditions=conditions, failures=())


def _find_new(embedded: EmbeddedDataset, current: EmbeddedDataset) -> tuple[Int64, list[Failure]]:
    """Rows of images that are not in the gallery yet, and a failure for each of the others."""
    ids = {sha256: str(sample.path) for sha256, sample in zip(current.sha256, current.samples, strict=True)}
    new_rows, duplicates = [], []
    for row, (sha256, sample) in enumerate(zip(embedded.sha256, embedded.samples, strict=True)):
        if sha256 in ids:
            duplicates.append(
                Failure(str(sample.path), "already_in_gallery", f"it is already in the gallery, as {ids[sha256]}", sha256)
            )
        else:
            new_rows.append(row)
            ids[sha256] = str(sample.path)
    return np.array(new_rows, np.int64), duplicates


def _with_unique_names(new: EmbeddedDataset, current: EmbeddedDataset, name: Callable[[Path], str]) -> EmbeddedDataset:
    """The images with their ids as paths; a name in use gets a number: "x.jpg (2)"."""
    used = {str(sample.path) for sample in current.samples}
    samples: list[Sample] = []
    for sample in new.samples:
        stem, number = name(sample.path), 2
        unique = stem
        while unique in used:
            unique, number = f"{stem} ({number})", number + 1
        used.add(unique)
        samples.append(replace(sample, path=Path(unique)))
    return replace(new, samples=tuple(samples))


def _concatenate(current: EmbeddedDataset, new: EmbeddedDataset, labels: tuple[str, ...]) -> EmbeddedDataset:
    samples = (*current.samples, *new.samples)
    assert current.quality and new.quality  # noqa: PT018, S101  # both come with it
    return EmbeddedDataset(
        embeddings=np.concatenate([current.embeddings, new.embeddings]),
        present=np.concatenate([current.present, new.present]),
        y=np.array([labels.index(sample.label) for sample in samples], np.int64),
        groups=patient_numbers(samples),
        samples=samples,
        sha256=current.sha256 + new.sha256,
        failures=(),
        labels=labels,
        regions=current.regions,
        quality=current.quality.joined(new.quality),
    )


def _write(
    gallery: Gallery,
    embedded: EmbeddedDataset,
    output: Path,
    *,
    change: str,
    conditions: dict[str, Condition],
    failures: Sequence[Failure],
) -> Trained:
    bundle, recipe, components = gallery.bundle, gallery.pipeline.recipe, gallery.pipeline.components
    if recipe.evidence:
        raise DysfwError(
            f"the gallery of {bundle.folder} cannot be changed: its evidence needs records, which a bundle does not keep",
            hint="train it again with `dysfw train`",
        )
    _refuse_too_few_patients(embedded, bundle.folder)
    out_of_fold = out_of_fold_predictions(components.make_head, embedded, recipe.seed, Silent())
    fitted, classifier, fused = fit_classifier(recipe, components, embedded, out_of_fold)
    cases, case_images = collect_gallery_cases(classifier.heads, embedded, str)
    composites = _kept_composites(bundle, cases)
    lost = [label for label in bundle.composites if label not in composites]
    changes = [change, *([f"removed the composites of {listed(lost)}, since cases of them were removed"] if lost else [])]
    knows_patients = all(sample.patient is not None for sample in embedded.samples)
    manifest = bundle.manifest.model_copy(
        update={
            "name": output.name,
            "labels": list(embedded.labels),
            "data": describe_data(embedded, knows_patients=knows_patients),
            "cross_validated": cross_validated_performance(fused, out_of_fold, embedded.regions),
            "held_out": None,  # it was measured on other training images
            "conditions": conditions,
            "gallery_cases": cases,
            "changes": [*bundle.manifest.changes, *(f"{datetime.now(UTC).date()}: {one}" for one in changes)],
            "composites": {label: one.entry for label, one in composites.items()},
        }
    )
    fitted = replace(fitted, tuned=bundle.fitted.tuned, gallery=case_images, composites=composites)
    card = model_card(manifest, recipe, classifier.reliability)
    if output.absolute() != bundle.folder.absolute():
        return Trained(write_bundle(output, manifest, recipe.resolved(), fitted, card), tuple(failures))
    try:
        with tempfile.TemporaryDirectory(dir=output.absolute().parent, prefix=f".{output.name}-") as scratch:
            manifest = write_bundle(Path(scratch) / output.name, manifest, recipe.resolved(), fitted, card)
            _replace(output, Path(scratch) / output.name, Path(scratch) / "before", bundle.manifest.fingerprint)
    except OSError as error:
        raise DysfwError(
            f"cannot replace the bundle {output}: {error.strerror or error}", hint="use -o to write another folder"
        ) from None
    return Trained(manifest, tuple(failures))


def _kept_composites(bundle: Bundle, cases: Sequence[GalleryCase]) -> dict[str, Composite]:
    """The composites of conditions of which no case was removed: a removed one may be in the composite.

    Two composites with and without the patient would show the patient, so there is no new one here.
    """
    kept = {(case.label, case.sha256) for case in cases}
    lost = {case.label for case in bundle.manifest.gallery_cases if (case.label, case.sha256) not in kept}
    return {label: bundle.composites[label] for label in bundle.composites if label not in lost}


def _refuse_too_few_patients(embedded: EmbeddedDataset, folder: Path) -> None:
    """Raise DysfwError unless two conditions have two patients each, without which nothing can be measured."""
    patients = {k: len(np.unique(embedded.groups[embedded.y == k])) for k in range(len(embedded.labels))}
    several = [sample for sample, k in zip(embedded.samples, embedded.y.tolist(), strict=True) if patients[k] > 1]
    refuse_too_small(several, folder)


def _replace(folder: Path, new: Path, before: Path, fingerprint: str) -> None:
    """Replace ``folder`` by ``new``, unless another program has changed it in the meantime."""
    if fingerprint not in (folder / "bundle.json").read_text("utf-8"):
        raise DysfwError(f"{folder} was changed by another program in the meantime; nothing was written", hint="run it again")
    try:
        folder.rename(before)
        new.rename(folder)
    except BaseException:  # an interruption too: ``before`` is about to be deleted
        if before.exists() and not folder.exists():
            before.rename(folder)
        raise
    shutil.rmtree(before, ignore_errors=True)
