"""What the reader of a report must know of the photographs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..data.checks import Checked
from ..training.examples import Examples
from .result import DataSummary, Problem

EXAMPLES = 10


def summarise(origin: str, checked: Checked, examples: Examples, problems: Sequence[Problem]) -> DataSummary:
    """examples: the photographs that were embedded, and those that could not be. problems: found later than by ``check``."""
    knows = checked.knows_patients
    found = [
        Problem(
            code=one.code, severity=one.severity, message=one.message, photographs=one.photographs, examples=list(one.examples)
        )
        for one in checked.findings
    ]  # fmt: skip
    by_code = Counter(failure.code for failure in examples.failures)
    first = {failure.code: failure for failure in reversed(examples.failures)}
    found += [
        Problem(
            code=code, severity="exclusion", message=first[code].message, photographs=number,
            examples=[f.source for f in examples.failures if f.code == code][:EXAMPLES],
        )
        for code, number in by_code.most_common()
    ]  # fmt: skip
    labels = np.array([item.label for item in examples.items])
    return DataSummary(
        origin=origin,
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
