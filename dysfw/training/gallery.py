"""Cases join a trained bundle, or leave it: heads, fusion and reliability are fitted anew to the embeddings that it keeps.

No photograph of the training is needed, and no trunk is trained.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ..bundle.contents import Bundle
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
from .train import Trained, describe_data, fit_classifier


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """A bundle whose heads keep cases. known: the photographs behind these."""

    bundle: Bundle
    pipeline: Pipeline
    known: EmbeddedDataset


def open_gallery(folder: Path, registry: Registry, cache: StageCache | None = None) -> Gallery:
    """cache: of what was computed before. Raises DysfwError where the bundle keeps no cases."""
    bundle = read_bundle(folder, registry)
    pipeline = open_pipeline(folder, registry, cache=cache)
    assert pipeline.classifier  # noqa: S101  # or opening it would have failed
    return Gallery(bundle, pipeline, gallery_embeddings(bundle, pipeline.classifier.heads))


def add_cases(gallery: Gallery, dataset: Dataset, output: Path, progress: Progress) -> Trained:
    """The photographs of ``dataset`` join; those that are there already, or cannot be judged, are among the failures.

    output: the folder to write; the bundle's own is replaced when the new one is complete. Raises DysfwError.
    """
    known = gallery.known
    labels = tuple(sorted({*known.labels, *dataset.labels}))
    found = embed_dataset(gallery.pipeline, dataset.samples, labels, "embedding", progress)
    fresh, doubled = _not_yet_known(found, known)
    failures = (*found.failures, *doubled)
    if not fresh.size:
        reasons = listed(sorted({failure.message for failure in failures}), 3)
        raise DysfwError(f"none of the {count(len(dataset.samples), 'photograph')} can join: {reasons}")
    new = _named(found.rows(fresh), known, dataset.relative)
    joined = _joined(known, new, labels)
    shown = listed(sorted({sample.label for sample in new.samples}))
    conditions = {**gallery.bundle.manifest.conditions, **dataset.conditions}
    change = f"added {count(len(new), 'photograph')} of {shown}"
    return _written(gallery, joined, output, change=change, conditions=conditions, failures=failures)


def remove_cases(gallery: Gallery, ids: Collection[str], labels: Collection[str], output: Path) -> Trained:
    """Cases by id, and all of some conditions, leave. Raises DysfwError for an unknown name, or where too little would stay."""
    known = gallery.known
    names = [str(sample.path) for sample in known.samples]
    for asked, there, what in ((ids, names, "case"), (labels, known.labels, "condition")):
        unknown = [name for name in asked if name not in there]
        if unknown:
            raise DysfwError(
                f"no {what} of {gallery.bundle.folder} is called {unknown[0]!r}{closest(unknown[0], there)}",
                hint="`dysfw gallery list BUNDLE --cases` shows all",
            )
    stays = [n for n, sample in enumerate(known.samples) if names[n] not in ids and sample.label not in labels]
    left = known.rows(np.array(stays, np.int64))
    if len({sample.label for sample in left.samples}) < 2:
        raise DysfwError("fewer than two conditions would be left, between which nothing can be told")
    kept = tuple(label for label in known.labels if any(sample.label == label for sample in left.samples))
    relabelled = replace(left, labels=kept, y=np.array([kept.index(sample.label) for sample in left.samples], np.int64))
    conditions = {label: one for label, one in gallery.bundle.manifest.conditions.items() if label in kept}
    change = f"removed {count(len(known) - len(left), 'photograph')}"
    return _written(gallery, relabelled, output, change=change, conditions=conditions, failures=())


def _not_yet_known(found: EmbeddedDataset, known: EmbeddedDataset) -> tuple[Int64, list[Failure]]:
    """Rows of photographs that are new, and the others."""
    owners = {sha256: str(sample.path) for sha256, sample in zip(known.sha256, known.samples, strict=True)}
    fresh, doubled = [], []
    for row, (sha256, sample) in enumerate(zip(found.sha256, found.samples, strict=True)):
        if sha256 in owners:
            doubled.append(
                Failure(str(sample.path), "known_already", f"it is in the gallery already, as {owners[sha256]}", sha256)
            )
        else:
            fresh.append(row)
            owners[sha256] = str(sample.path)
    return np.array(fresh, np.int64), doubled


def _named(new: EmbeddedDataset, known: EmbeddedDataset, name: Callable[[Path], str]) -> EmbeddedDataset:
    """The photographs by the ids that they get; a name that is taken is counted on: "x.jpg (2)"."""
    taken = {str(sample.path) for sample in known.samples}
    samples: list[Sample] = []
    for sample in new.samples:
        wanted, number = name(sample.path), 2
        unique = wanted
        while unique in taken:
            unique, number = f"{wanted} ({number})", number + 1
        taken.add(unique)
        samples.append(replace(sample, path=Path(unique)))
    return replace(new, samples=tuple(samples))


def _joined(known: EmbeddedDataset, new: EmbeddedDataset, labels: tuple[str, ...]) -> EmbeddedDataset:
    samples = (*known.samples, *new.samples)
    assert known.quality and new.quality  # noqa: PT018, S101  # both come with it
    return EmbeddedDataset(
        embeddings=np.concatenate([known.embeddings, new.embeddings]),
        present=np.concatenate([known.present, new.present]),
        y=np.array([labels.index(sample.label) for sample in samples], np.int64),
        groups=patient_numbers(samples),
        samples=samples,
        sha256=known.sha256 + new.sha256,
        failures=(),
        labels=labels,
        regions=known.regions,
        quality=known.quality.joined(new.quality),
    )


def _written(
    gallery: Gallery,
    embedded: EmbeddedDataset,
    output: Path,
    *,
    change: str,
    conditions: dict[str, Condition],
    failures: Sequence[Failure],
) -> Trained:
    bundle, recipe, components = gallery.bundle, gallery.pipeline.recipe, gallery.pipeline.components
    _refuse_hopeless(embedded, bundle.folder)
    votes = out_of_fold_predictions(components.make_head, embedded, recipe.seed, Silent())
    fitted, classifier, cross_validated = fit_classifier(recipe, components, embedded, votes)
    cases, seen = collect_gallery_cases(classifier.heads, embedded, str)
    knows_patients = all(sample.patient is not None for sample in embedded.samples)
    manifest = bundle.manifest.model_copy(
        update={
            "name": output.name,
            "labels": list(embedded.labels),
            "data": describe_data(embedded, knows_patients=knows_patients),
            "cross_validated": cross_validated,
            "held_out": None,  # of the cases before
            "conditions": conditions,
            "gallery_cases": cases,
            "changes": [*bundle.manifest.changes, f"{datetime.now(UTC).date()}: {change}"],
        }
    )
    fitted = replace(fitted, tuned=bundle.fitted.tuned, gallery=seen)
    card = model_card(manifest, recipe, classifier.reliability)
    if output.absolute() != bundle.folder.absolute():
        return Trained(write_bundle(output, manifest, recipe.resolved(), fitted, card), tuple(failures))
    try:
        with tempfile.TemporaryDirectory(dir=output.absolute().parent, prefix=f".{output.name}-") as scratch:
            manifest = write_bundle(Path(scratch) / output.name, manifest, recipe.resolved(), fitted, card)
            _replace(output, Path(scratch) / output.name, Path(scratch) / "before", bundle.manifest.fingerprint)
    except OSError as error:
        raise DysfwError(
            f"cannot replace the bundle {output}: {error.strerror or error}", hint="-o writes another folder"
        ) from None
    return Trained(manifest, tuple(failures))


def _refuse_hopeless(embedded: EmbeddedDataset, folder: Path) -> None:
    """Raise DysfwError where nothing could be measured: no two conditions with two patients each."""
    patients = {k: len(np.unique(embedded.groups[embedded.y == k])) for k in range(len(embedded.labels))}
    several = [sample for sample, k in zip(embedded.samples, embedded.y.tolist(), strict=True) if patients[k] > 1]
    refuse_too_small(several, folder)


def _replace(folder: Path, new: Path, before: Path, fingerprint: str) -> None:
    """Put ``new`` in the place of ``folder``, unless somebody else has changed that in the meantime."""
    if fingerprint not in (folder / "bundle.json").read_text("utf-8"):
        raise DysfwError(f"{folder} was changed by another program in the meantime; nothing was written", hint="run it again")
    folder.rename(before)
    try:
        new.rename(folder)
    except OSError:
        before.rename(folder)
        raise
    shutil.rmtree(before, ignore_errors=True)
