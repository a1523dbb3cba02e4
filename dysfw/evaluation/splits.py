"""Divides images into training and test, and states what the scores can claim. No patient is ever on both sides of a split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..data.dataset import Dataset, Sample
from ..data.split_groups import split_groups
from ..errors import DysfwError
from ..stats.folds import patient_folds
from ..training.embedded_dataset import EmbeddedDataset
from ..types import Bool, Int64
from ..util.text import count, listed
from .defaults import FOLDS, REPEATS
from .result import Finding, Protocol

SplitBy = Literal["folds", "split", "sources"]
_MORE_PATIENTS = "use fewer folds, add patients, or leave out the smallest classes"


@dataclass(frozen=True, slots=True)
class SplitConfig:
    """How the data are to be divided.

    Attributes:
        by: Patient-wise folds, the data's own split, or leaving out one source after the other. None takes the data's own
            split if there is one, else folds.
        folds: Number of folds.
        repeats: Number of times the folds are drawn.
        seed: Random seed of the folds.
        leave_out_small: Whether conditions with too few patients are left out; otherwise they are an error.
    """

    by: SplitBy | None = None
    folds: int = FOLDS
    repeats: int = REPEATS
    seed: int = 0
    leave_out_small: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """One division of the images.

    Attributes:
        name: For messages and tables.
        repeat: From 0. Within one repeat each image is tested at most once.
        train_rows: int64 [n], rows to train on.
        test_rows: int64 [m], rows to test on.
    """

    name: str
    repeat: int
    train_rows: Int64
    test_rows: Int64


@dataclass(frozen=True, slots=True)
class UnevaluatedImages:
    """Images of one source that cannot be tested: no other source has images of their class to train on."""

    label: str
    source: str
    images: int


def resolve_split(config: SplitConfig, dataset: Dataset) -> SplitBy:
    """How the data are divided.

    Raises:
        DysfwError: If the data have no split, or no sources, to divide by.
    """
    has_split = any(sample.split == "test" for sample in dataset.samples)
    by = config.by or ("split" if has_split else "folds")
    if by == "split" and not has_split:
        raise DysfwError(f"{dataset.origin} has no test images", hint="use --by folds to cross-validate instead")
    if by == "sources" and all(sample.source is None for sample in dataset.samples):
        raise DysfwError(f"{dataset.origin} names no sources", hint="add a column `source` to the manifest, or use --by folds")
    return by


def leave_out_small_conditions(
    samples: Sequence[Sample], config: SplitConfig, by: SplitBy
) -> tuple[list[Sample], list[Finding]]:
    """The samples of conditions with enough patients, or publications where these are known: folds divide neither.

    Raises:
        DysfwError: If some have too few and are not to be left out, or if fewer than two conditions would remain.
    """
    needed = config.folds if by == "folds" else 2
    groups_of: dict[str, set[int]] = {}
    for sample, group in zip(samples, split_groups(samples).tolist(), strict=True):
        groups_of.setdefault(sample.label, set()).add(group)
    patients = {label: len(groups_of[label]) for label in sorted(groups_of)}
    small = {label: n for label, n in patients.items() if n < needed}
    if not small:
        return list(samples), []
    unit = "publication" if any(sample.publication for sample in samples) else "patient"
    named = [f"{label!r} ({count(n, unit)})" for label, n in small.items()]
    if not config.leave_out_small:
        raise DysfwError(
            f"too few {unit}s for {needed} folds in {listed(named, 10)}" if by == "folds" else
            f"too few {unit}s in {listed(named, 10)}; at least {needed} are needed",
            hint=f"add {unit}s, use fewer folds (--folds {max(2, min(small.values()))}), or leave these conditions out "
            "(--leave-out-small)",
        )  # fmt: skip
    kept = [sample for sample in samples if sample.label not in small]
    if len(patients) - len(small) < 2:
        left = count(len(patients) - len(small), "condition")
        raise DysfwError(
            f"--leave-out-small would leave {left} of {len(patients)}: the others have fewer than {needed} {unit}s, "
            f"{listed(named, 10)}",
            hint=f"add {unit}s, or use fewer folds (--folds {max(2, sorted(patients.values())[-2:][0])})",
        )
    message = f"{count(len(small), 'condition')} with fewer than {needed} {unit}s left out: {listed(named, 10)}"
    return kept, [
        Finding(
            code="too_few_patients", severity="exclusion", message=message, images=len(samples) - len(kept),
            examples=list(small),
        )
    ]  # fmt: skip


def make_splits(embedded: EmbeddedDataset, config: SplitConfig, by: SplitBy) -> tuple[list[Split], list[Finding]]:
    """The splits, and the images that cannot be tested in them.

    Raises:
        DysfwError: If the data cannot be divided.
    """
    if by == "folds":
        return cross_validation(embedded.y, embedded.split_groups, config.folds, config.repeats, config.seed), []
    if by == "split":
        train = np.array([sample.split != "test" for sample in embedded.samples])
        _check_trained(embedded, train)
        return held_out(train), []
    sources = [sample.source for sample in embedded.samples]
    splits, untested = leave_one_source_out(embedded.y, embedded.split_groups, embedded.labels, sources)
    findings = [
        Finding(
            code="only_in_source",
            severity="exclusion",
            message=f"{count(one.images, 'image')} of {one.label!r} not tested: only {one.source!r} has this condition",
            images=one.images,
        )
        for one in untested
    ]
    return splits, findings


def describe_protocol(
    by: SplitBy, config: SplitConfig, splits: Sequence[Split], *, knows_patients: bool, knows_publications: bool = False
) -> Protocol:
    """The protocol as the report states it."""
    names: dict[SplitBy, Literal["cross-validation", "held out", "leave one source out"]] = {
        "folds": "cross-validation", "split": "held out", "sources": "leave one source out",
    }  # fmt: skip
    folded = by == "folds"
    return Protocol(
        kind=names[by],
        patient_wise=knows_patients,
        claim=_claim(by, knows_patients=knows_patients, knows_publications=knows_publications),
        folds=config.folds if folded else 0,
        repeats=config.repeats if folded else 0,
        seed=config.seed,
        splits=len(splits),
        sources=[split.name for split in splits] if by == "sources" else [],
    )


def _claim(by: SplitBy, *, knows_patients: bool, knows_publications: bool) -> str:
    """What the scores show, and what they do not."""
    shown = {
        "folds": "The scores show how well the recipe, trained on part of the data, classifies new images of the same sources",
        "split": "The scores show how well the recipe, trained on the training images, classifies the test images",
        "sources": "The scores show how well the recipe, trained on the other sources, classifies images of an unseen source",
    }[by]
    if not knows_patients:
        return (
            f"{shown}. The data do not name patients: images of one person may be on both sides of a split, and the scores are "
            "then too high. No patient-wise claim can be made."
        )
    beyond = "sources that are not in the data" if by == "sources" else "other hospitals, cameras or populations"
    kept = "No patient and no publication" if knows_publications else "No patient"
    return f"{shown}. {kept} is on both sides of a split. The scores say nothing about {beyond}."


def too_few(y: Int64, groups: Int64, labels: Sequence[str], folds: int) -> list[tuple[str, int]]:
    """The labels with fewer patients than folds, and how many each has."""
    patients = [len(np.unique(groups[y == k])) for k in range(len(labels))]
    return [(label, n) for label, n in zip(labels, patients, strict=True) if n < folds]


def cross_validation(y: Int64, groups: Int64, folds: int, repeats: int, seed: int) -> list[Split]:
    """Patient-wise stratified folds, drawn again in each repeat. Every row is tested once in each repeat.

    Args:
        y: int64 [N], classes.
        groups: int64 [N], patients.
        folds: Number of folds.
        repeats: Number of repeats.
        seed: Random seed.

    Raises:
        DysfwError: If the data cannot be divided. ``too_few`` names the classes that are too small.
    """
    splits = []
    for repeat in range(repeats):
        try:
            rows = patient_folds(y, groups, folds, seed + repeat)
        except ValueError as error:
            raise DysfwError(f"the data cannot be divided by patient: {error}", hint=_MORE_PATIENTS) from None
        tested = sum(len(test_rows) for _, test_rows in rows)
        if len(rows) < folds or tested < len(y):
            raise DysfwError(
                f"the data can be divided into {count(len(rows), 'patient-wise fold')}, not {folds}: "
                f"{count(tested, 'image')} of {len(y)} would be tested",
                hint=_MORE_PATIENTS,
            )
        within = f"repeat {repeat + 1}, " if repeats > 1 else ""
        splits += [Split(f"{within}fold {n}", repeat, train, test) for n, (train, test) in enumerate(rows, 1)]
    return splits


def held_out(train: Bool) -> list[Split]:
    """The one split that the data name.

    Args:
        train: bool [N], True for training images.

    Raises:
        DysfwError: If one side is empty.
    """
    if train.all() or not train.any():
        missing = "test" if train.any() else "train"
        raise DysfwError(
            f"no image is left in the split {missing!r}", hint="set the column `split` of the manifest to train or test"
        )
    return [Split("held out", 0, np.flatnonzero(train), np.flatnonzero(~train))]


def leave_one_source_out(
    y: Int64, groups: Int64, labels: Sequence[str], sources: Sequence[str | None]
) -> tuple[list[Split], list[UnevaluatedImages]]:
    """A split for each source: train on the others, test on this one.

    A patient with images in several sources is not trained on if one of these is left out. A class that no other source has is
    not tested.

    Args:
        y: int64 [N], classes.
        groups: int64 [N], patients.
        labels: K conditions.
        sources: The source of each image.

    Returns:
        The splits, and the images that cannot be tested.

    Raises:
        DysfwError: If sources are missing, or nothing can be tested.
    """
    named = _check_sources(sources)
    splits, untested = [], []
    for source in sorted(set(named)):
        inside = np.array([name == source for name in named])
        train_rows = np.flatnonzero(~inside & ~np.isin(groups, groups[inside]))
        known = np.unique(y[train_rows])
        # A classifier needs two classes.
        test_rows = np.flatnonzero(inside & np.isin(y, known if len(known) > 1 else []))
        if len(test_rows):
            splits.append(Split(source, 0, train_rows, test_rows))
        missing = Counter(y[inside].tolist())
        missing.subtract(y[test_rows].tolist())
        untested += [UnevaluatedImages(labels[k], source, n) for k, n in sorted(missing.items()) if n]
    if not splits:
        raise DysfwError(
            f"no source can be left out ({listed(sorted(set(named)))}): no condition is in several sources together with a "
            "second condition",
            hint="cross-validate, and see in the audit whether the source leaks the condition",
        )
    return splits, untested


def _check_trained(embedded: EmbeddedDataset, train: Bool) -> None:
    missing = [label for k, label in enumerate(embedded.labels) if not (train & (embedded.y == k)).any()]
    if missing:
        raise DysfwError(
            f"test images of {listed(missing, 10)}, but no training image", hint="add some, or use folds (--by folds)"
        )


def _check_sources(sources: Sequence[str | None]) -> list[str]:
    """The sources, all of them known and not all the same."""
    named = [source for source in sources if source]
    if len(named) < len(sources):
        raise DysfwError(
            f"{count(len(sources) - len(named), 'image')} of {len(sources)} have no source",
            hint="fill the column `source` of the manifest: the hospital, study or web site of each image",
        )
    if len(set(named)) < 2:
        raise DysfwError(
            f"the data have one source ({listed(set(named))}), which cannot be left out",
            hint="cross-validate, or add images of another source",
        )
    return named
