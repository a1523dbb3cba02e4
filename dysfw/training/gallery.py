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
from ..data.dataset import Dataset, Item, patient_numbers, refuse_too_small
from ..engine.assemble import open_pipeline
from ..engine.pipeline import Pipeline
from ..errors import DysfwError
from ..progress import Progress, Silent
from ..registry.registry import Registry
from ..text import closest, count, listed
from ..types import Failure, Int64
from .card import model_card
from .cases import keep_cases, known_examples
from .examples import Examples, embed_examples
from .fit import out_of_fold_votes
from .train import Trained, describe, fit_judge


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """A bundle whose heads keep cases. known: the photographs behind these."""

    bundle: Bundle
    pipeline: Pipeline
    known: Examples


def open_gallery(folder: Path, registry: Registry, cache: StageCache | None = None) -> Gallery:
    """cache: of what was computed before. Raises DysfwError where the bundle keeps no cases."""
    bundle = read_bundle(folder, registry)
    pipeline = open_pipeline(folder, registry, cache=cache)
    assert pipeline.judge  # noqa: S101  # or opening it would have failed
    return Gallery(bundle, pipeline, known_examples(bundle, pipeline.judge.heads))


def add_cases(gallery: Gallery, dataset: Dataset, output: Path, progress: Progress) -> Trained:
    """The photographs of ``dataset`` join; those that are there already, or cannot be judged, are among the failures.

    output: the folder to write; the bundle's own is replaced when the new one is complete. Raises DysfwError.
    """
    known = gallery.known
    labels = tuple(sorted({*known.labels, *dataset.labels}))
    found = embed_examples(gallery.pipeline, dataset.items, labels, "embedding", progress)
    fresh, doubled = _not_yet_known(found, known)
    failures = (*found.failures, *doubled)
    if not fresh.size:
        reasons = listed(sorted({failure.message for failure in failures}), 3)
        raise DysfwError(f"none of the {count(len(dataset.items), 'photograph')} can join: {reasons}")
    new = _named(found.rows(fresh), known, dataset.relative)
    joined = _joined(known, new, labels)
    shown = listed(sorted({item.label for item in new.items}))
    conditions = {**gallery.bundle.manifest.conditions, **dataset.conditions}
    change = f"added {count(len(new), 'photograph')} of {shown}"
    return _written(gallery, joined, output, change=change, conditions=conditions, failures=failures)


def remove_cases(gallery: Gallery, ids: Collection[str], labels: Collection[str], output: Path) -> Trained:
    """Cases by id, and all of some conditions, leave. Raises DysfwError for an unknown name, or where too little would stay."""
    known = gallery.known
    names = [str(item.path) for item in known.items]
    for asked, there, what in ((ids, names, "case"), (labels, known.labels, "condition")):
        unknown = [name for name in asked if name not in there]
        if unknown:
            raise DysfwError(
                f"no {what} of {gallery.bundle.folder} is called {unknown[0]!r}{closest(unknown[0], there)}",
                hint="`dysfw gallery list BUNDLE --cases` shows all",
            )
    stays = [n for n, item in enumerate(known.items) if names[n] not in ids and item.label not in labels]
    left = known.rows(np.array(stays, np.int64))
    if len({item.label for item in left.items}) < 2:
        raise DysfwError("fewer than two conditions would be left, between which nothing can be told")
    kept = tuple(label for label in known.labels if any(item.label == label for item in left.items))
    relabelled = replace(left, labels=kept, y=np.array([kept.index(item.label) for item in left.items], np.int64))
    conditions = {label: one for label, one in gallery.bundle.manifest.conditions.items() if label in kept}
    change = f"removed {count(len(known) - len(left), 'photograph')}"
    return _written(gallery, relabelled, output, change=change, conditions=conditions, failures=())


def _not_yet_known(found: Examples, known: Examples) -> tuple[Int64, list[Failure]]:
    """Rows of photographs that are new, and the others."""
    owners = {sha256: str(item.path) for sha256, item in zip(known.sha256, known.items, strict=True)}
    fresh, doubled = [], []
    for row, (sha256, item) in enumerate(zip(found.sha256, found.items, strict=True)):
        if sha256 in owners:
            doubled.append(
                Failure(str(item.path), "known_already", f"it is in the gallery already, as {owners[sha256]}", sha256)
            )
        else:
            fresh.append(row)
            owners[sha256] = str(item.path)
    return np.array(fresh, np.int64), doubled


def _named(new: Examples, known: Examples, name: Callable[[Path], str]) -> Examples:
    """The photographs by the ids that they get; a name that is taken is counted on: "x.jpg (2)"."""
    taken = {str(item.path) for item in known.items}
    items: list[Item] = []
    for item in new.items:
        wanted, number = name(item.path), 2
        unique = wanted
        while unique in taken:
            unique, number = f"{wanted} ({number})", number + 1
        taken.add(unique)
        items.append(replace(item, path=Path(unique)))
    return replace(new, items=tuple(items))


def _joined(known: Examples, new: Examples, labels: tuple[str, ...]) -> Examples:
    items = (*known.items, *new.items)
    assert known.quality and new.quality  # noqa: PT018, S101  # both come with it
    return Examples(
        embeddings=np.concatenate([known.embeddings, new.embeddings]),
        present=np.concatenate([known.present, new.present]),
        y=np.array([labels.index(item.label) for item in items], np.int64),
        groups=patient_numbers(items),
        items=items,
        sha256=known.sha256 + new.sha256,
        failures=(),
        labels=labels,
        regions=known.regions,
        quality=known.quality.joined(new.quality),
    )


def _written(
    gallery: Gallery,
    examples: Examples,
    output: Path,
    *,
    change: str,
    conditions: dict[str, Condition],
    failures: Sequence[Failure],
) -> Trained:
    bundle, recipe, components = gallery.bundle, gallery.pipeline.recipe, gallery.pipeline.components
    _refuse_hopeless(examples, bundle.folder)
    votes = out_of_fold_votes(components.make_head, examples, recipe.seed, Silent())
    fitted, judge, cross_validated = fit_judge(recipe, components, examples, votes)
    cases, seen = keep_cases(judge.heads, examples, str)
    knows_patients = all(item.patient is not None for item in examples.items)
    manifest = bundle.manifest.model_copy(
        update={
            "name": output.name,
            "labels": list(examples.labels),
            "data": describe(examples, knows_patients),
            "cross_validated": cross_validated,
            "held_out": None,  # of the cases before
            "conditions": conditions,
            "cases": cases,
            "changes": [*bundle.manifest.changes, f"{datetime.now(UTC).date()}: {change}"],
        }
    )
    fitted = replace(fitted, tuned=bundle.fitted.tuned, cases=seen)
    card = model_card(manifest, recipe, judge.trust)
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


def _refuse_hopeless(examples: Examples, folder: Path) -> None:
    """Raise DysfwError where nothing could be measured: no two conditions with two patients each."""
    patients = {k: len(np.unique(examples.groups[examples.y == k])) for k in range(len(examples.labels))}
    several = [item for item, k in zip(examples.items, examples.y.tolist(), strict=True) if patients[k] > 1]
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
