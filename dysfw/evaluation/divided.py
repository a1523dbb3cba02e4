"""Which photographs are learned from and which judged, and what the scores may then be said to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..data.dataset import Dataset, Item, patient_numbers
from ..errors import DysfwError
from ..text import count, listed
from ..training.examples import Examples
from ..types import Bool
from . import protocol
from .protocol import Split
from .result import Problem, Protocol

By = Literal["folds", "split", "sources"]


@dataclass(frozen=True, slots=True)
class Division:
    """What was asked for. by: None takes the data's own split where it has one, folds otherwise. small: whether conditions
    with too few patients are left out instead of refused."""

    by: By | None = None
    folds: int = 5
    repeats: int = 3
    seed: int = 0
    small: bool = False


def choose(division: Division, dataset: Dataset) -> By:
    """Raises DysfwError where the data has no split, or sources, to divide by."""
    has_split = any(item.split == "test" for item in dataset.items)
    by = division.by or ("split" if has_split else "folds")
    if by == "split" and not has_split:
        raise DysfwError(f"{dataset.origin} names no photographs for testing", hint="--by folds cross-validates instead")
    if by == "sources" and all(item.source is None for item in dataset.items):
        raise DysfwError(f"{dataset.origin} names no sources", hint="add a column `source` to the manifest, or take --by folds")
    return by


def large_enough(items: Sequence[Item], division: Division, by: By) -> tuple[list[Item], list[Problem]]:
    """The photographs of conditions with enough patients. Raises DysfwError where others are not to be left out."""
    needed = division.folds if by == "folds" else 2
    of_label: dict[str, set[int]] = {}
    for item, patient in zip(items, patient_numbers(items).tolist(), strict=True):
        of_label.setdefault(item.label, set()).add(patient)
    patients = {label: len(of_label[label]) for label in sorted(of_label)}
    small = {label: n for label, n in patients.items() if n < needed}
    if not small:
        return list(items), []
    named = [f"{label!r} ({count(n, 'patient')})" for label, n in small.items()]
    if not division.small:
        raise DysfwError(
            f"too few patients for {needed} folds in {listed(named, 10)}" if by == "folds" else
            f"too few patients in {listed(named, 10)}; at least {needed} are needed",
            hint=f"add patients, ask for fewer folds (--folds {max(2, min(small.values()))}), or leave these conditions out "
            "(--leave-out-small)",
        )  # fmt: skip
    kept = [item for item in items if item.label not in small]
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
            code="too_few_patients", severity="exclusion", message=message, photographs=len(items) - len(kept),
            examples=list(small),
        )
    ]  # fmt: skip


def divide(examples: Examples, division: Division, by: By) -> tuple[list[Split], list[Problem]]:
    """The splits, and what cannot be judged in them. Raises DysfwError."""
    if by == "folds":
        return protocol.cross_validation(examples.y, examples.groups, division.folds, division.repeats, division.seed), []
    if by == "split":
        train = np.array([item.split != "test" for item in examples.items])
        _refuse_unlearned(examples, train)
        return protocol.held_out(train), []
    sources = [item.source for item in examples.items]
    splits, lost = protocol.leave_one_source_out(examples.y, examples.groups, examples.labels, sources)
    problems = [
        Problem(
            code="only_in_source",
            severity="exclusion",
            message=f"{count(one.photographs, 'photograph')} of {one.label!r} cannot be judged: only {one.source!r} has any",
            photographs=one.photographs,
        )
        for one in lost
    ]
    return splits, problems


def _refuse_unlearned(examples: Examples, train: Bool) -> None:
    """Raise DysfwError where a condition has photographs for testing and none to learn from."""
    missing = [label for k, label in enumerate(examples.labels) if not (train & (examples.y == k)).any()]
    if missing:
        raise DysfwError(
            f"test photographs of {listed(missing, 10)}, which no photograph for training shows",
            hint="add some, or divide by folds (--by folds)",
        )


def described(by: By, division: Division, splits: Sequence[Split], *, knows_patients: bool, claim: str) -> Protocol:
    names: dict[By, Literal["cross-validation", "held out", "leave one source out"]] = {
        "folds": "cross-validation", "split": "held out", "sources": "leave one source out",
    }  # fmt: skip
    folded = by == "folds"
    return Protocol(
        kind=names[by],
        patient_wise=knows_patients,
        claim=claim,
        folds=division.folds if folded else 0,
        repeats=division.repeats if folded else 0,
        seed=division.seed,
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
