"""Which photographs are learned from and which judged, and what the scores may then be said to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..data.dataset import Dataset, Sample, patient_numbers
from ..errors import DysfwError
from ..training.embedded_dataset import EmbeddedDataset
from ..types import Bool
from ..util.text import count, listed
from . import splits as protocol
from .result import Problem, Protocol
from .splits import Split

By = Literal["folds", "split", "sources"]


@dataclass(frozen=True, slots=True)
class SplitConfig:
    """What was asked for. by: None takes the data's own split where it has one, folds otherwise. small: whether conditions
    with too few patients are left out instead of refused."""

    by: By | None = None
    folds: int = 5
    repeats: int = 3
    seed: int = 0
    small: bool = False


def choose(split_config: SplitConfig, dataset: Dataset) -> By:
    """Raises DysfwError where the data has no split, or sources, to divide by."""
    has_split = any(sample.split == "test" for sample in dataset.samples)
    by = split_config.by or ("split" if has_split else "folds")
    if by == "split" and not has_split:
        raise DysfwError(f"{dataset.origin} names no photographs for testing", hint="--by folds cross-validates instead")
    if by == "sources" and all(sample.source is None for sample in dataset.samples):
        raise DysfwError(f"{dataset.origin} names no sources", hint="add a column `source` to the manifest, or take --by folds")
    return by


def large_enough(samples: Sequence[Sample], split_config: SplitConfig, by: By) -> tuple[list[Sample], list[Problem]]:
    """The photographs of conditions with enough patients. Raises DysfwError where others are not to be left out."""
    needed = split_config.folds if by == "folds" else 2
    of_label: dict[str, set[int]] = {}
    for sample, patient in zip(samples, patient_numbers(samples).tolist(), strict=True):
        of_label.setdefault(sample.label, set()).add(patient)
    patients = {label: len(of_label[label]) for label in sorted(of_label)}
    small = {label: n for label, n in patients.items() if n < needed}
    if not small:
        return list(samples), []
    named = [f"{label!r} ({count(n, 'patient')})" for label, n in small.items()]
    if not split_config.small:
        raise DysfwError(
            f"too few patients for {needed} folds in {listed(named, 10)}" if by == "folds" else
            f"too few patients in {listed(named, 10)}; at least {needed} are needed",
            hint=f"add patients, ask for fewer folds (--folds {max(2, min(small.values()))}), or leave these conditions out "
            "(--leave-out-small)",
        )  # fmt: skip
    kept = [sample for sample in samples if sample.label not in small]
    if len(patients) - len(small) < 2:
        left = count(len(patients) - len(small), "condition")
        raise DysfwError(
            f"--leave-out-small would leave {left} of {len(patients)}: the others have fewer than {needed} patients, "
            f"{listed(named, 10)}",
            hint=f"add patients, or ask for fewer folds (--folds {max(2, sorted(patients.values())[-2:][0])})",
        )
    message = f"{count(len(small), 'condition')} with fewer than {needed} patients left out: {listed(named, 10)}"
    return kept, [
        Problem(
            code="too_few_patients", severity="exclusion", message=message, images=len(samples) - len(kept),
            examples=list(small),
        )
    ]  # fmt: skip


def divide(embedded: EmbeddedDataset, split_config: SplitConfig, by: By) -> tuple[list[Split], list[Problem]]:
    """The splits, and what cannot be judged in them. Raises DysfwError."""
    if by == "folds":
        return protocol.cross_validation(
            embedded.y, embedded.groups, split_config.folds, split_config.repeats, split_config.seed
        ), []
    if by == "split":
        train = np.array([sample.split != "test" for sample in embedded.samples])
        _refuse_unlearned(embedded, train)
        return protocol.held_out(train), []
    sources = [sample.source for sample in embedded.samples]
    splits, lost = protocol.leave_one_source_out(embedded.y, embedded.groups, embedded.labels, sources)
    problems = [
        Problem(
            code="only_in_source",
            severity="exclusion",
            message=f"{count(one.images, 'photograph')} of {one.label!r} cannot be judged: only {one.source!r} has any",
            images=one.images,
        )
        for one in lost
    ]
    return splits, problems


def _refuse_unlearned(embedded: EmbeddedDataset, train: Bool) -> None:
    """Raise DysfwError where a condition has photographs for testing and none to learn from."""
    missing = [label for k, label in enumerate(embedded.labels) if not (train & (embedded.y == k)).any()]
    if missing:
        raise DysfwError(
            f"test photographs of {listed(missing, 10)}, which no photograph for training shows",
            hint="add some, or divide by folds (--by folds)",
        )


def described(by: By, split_config: SplitConfig, splits: Sequence[Split], *, knows_patients: bool, claim: str) -> Protocol:
    names: dict[By, Literal["cross-validation", "held out", "leave one source out"]] = {
        "folds": "cross-validation", "split": "held out", "sources": "leave one source out",
    }  # fmt: skip
    folded = by == "folds"
    return Protocol(
        kind=names[by],
        patient_wise=knows_patients,
        claim=claim,
        folds=split_config.folds if folded else 0,
        repeats=split_config.repeats if folded else 0,
        seed=split_config.seed,
        splits=len(splits),
        sources=[split.name for split in splits] if by == "sources" else [],
    )


def claim_of(by: By, dataset: Dataset, *, knows_patients: bool) -> str:
    """What the scores may be said to show, and what not."""
    shown = {
        "folds": "How well the recipe, trained on part of these data, judges other photographs of the same sources",
        "split": "How well the recipe, trained on the photographs marked so, judges those marked as test",
        "sources": "How well the recipe, trained on the other sources, judges photographs of a source that it has not seen",
    }[by]
    if not knows_patients:
        return (
            f"{shown}. The data does not name patients: photographs of one person may be on both sides of a split, and the "
            "scores then are too good. No patient-wise claim can be made."
        )
    beyond = "another source" if by == "sources" else "other hospitals, cameras or populations"
    named = "No patient that the data names is on both sides of a split."
    return f"{shown}. {named} It says nothing about {beyond} that the data does not show."
