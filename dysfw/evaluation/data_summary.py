"""What the reader of a report must know of the photographs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..data.checks import Checked, Finding
from ..data.dataset import Dataset
from ..data.persons import about_persons, same_person
from ..training.examples import Examples
from .result import DataSummary, Problem

EXAMPLES = 10
WHOLE = "face"


def _persons(examples: Examples) -> list[Finding]:
    """One person under two patients, as far as the recipe's own trunk can tell by whole faces."""
    if WHOLE not in examples.regions:
        return []
    region = examples.regions.index(WHOLE)
    rows = np.flatnonzero(examples.present[:, region])
    suspects = same_person(examples.embeddings[rows, region], examples.groups[rows])
    return about_persons(suspects, [examples.items[n] for n in rows])


def summarise(dataset: Dataset, checked: Checked, examples: Examples, problems: Sequence[Problem]) -> DataSummary:
    """dataset: as it came. examples: the photographs that were embedded, and those that could not be. problems: found later
    than by ``check``."""
    knows = checked.knows_patients
    found = [
        Problem(
            code=one.code, severity=one.severity, message=one.message, photographs=one.photographs, examples=list(one.examples)
        )
        for one in (*checked.findings, *_persons(examples))
    ]  # fmt: skip
    by_code = Counter(failure.code for failure in examples.failures)
    first = {failure.code: failure for failure in reversed(examples.failures)}
    found += [
        Problem(
            code=code, severity="exclusion", message=first[code].message, photographs=number,
            examples=[dataset.relative(Path(f.source)) for f in examples.failures if f.code == code][:EXAMPLES],
        )
        for code, number in by_code.most_common()
    ]  # fmt: skip
    labels = np.array([item.label for item in examples.items])
    return DataSummary(
        origin=str(dataset.origin),
        fingerprint=examples.fingerprint,
        images=len(examples),
        patients=len(np.unique(examples.groups)) if knows else None,
        per_label={
            label: (int((labels == label).sum()), len(np.unique(examples.groups[labels == label])) if knows else None)
            for label in examples.labels
        },
        sources=dict(Counter(item.source for item in examples.items if item.source)),
        problems=[*found, *problems],
    )
