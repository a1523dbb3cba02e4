"""What the reader of a report must know of the photographs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..data.checks import CheckedDataset, Finding
from ..data.dataset import Dataset
from ..data.identity_conflicts import find_identity_conflicts, identity_findings
from ..training.embedded_dataset import EmbeddedDataset
from .result import DataSummary, Problem

EXAMPLES = 10
WHOLE = "face"


def _persons(embedded: EmbeddedDataset) -> list[Finding]:
    """One person under two patients, as far as the recipe's own trunk can tell by whole faces."""
    if WHOLE not in embedded.regions:
        return []
    region = embedded.regions.index(WHOLE)
    rows = np.flatnonzero(embedded.present[:, region])
    suspects = find_identity_conflicts(embedded.embeddings[rows, region], embedded.groups[rows])
    return identity_findings(suspects, [embedded.samples[n] for n in rows])


def summarise(dataset: Dataset, checked: CheckedDataset, embedded: EmbeddedDataset, problems: Sequence[Problem]) -> DataSummary:
    """dataset: as it came. examples: the photographs that were embedded, and those that could not be. problems: found later
    than by ``check``."""
    knows = checked.knows_patients
    found = [
        Problem(
            code=one.code, severity=one.severity, message=one.message, images=one.images, examples=list(one.examples)
        )
        for one in (*checked.findings, *_persons(embedded))
    ]  # fmt: skip
    by_code = Counter(failure.code for failure in embedded.failures)
    first = {failure.code: failure for failure in reversed(embedded.failures)}
    found += [
        Problem(
            code=code, severity="exclusion", message=first[code].message, images=number,
            examples=[dataset.relative(Path(f.source)) for f in embedded.failures if f.code == code][:EXAMPLES],
        )
        for code, number in by_code.most_common()
    ]  # fmt: skip
    labels = np.array([sample.label for sample in embedded.samples])
    return DataSummary(
        origin=str(dataset.origin),
        fingerprint=embedded.fingerprint,
        images=len(embedded),
        patients=len(np.unique(embedded.groups)) if knows else None,
        per_label={
            label: (int((labels == label).sum()), len(np.unique(embedded.groups[labels == label])) if knows else None)
            for label in embedded.labels
        },
        sources=dict(Counter(sample.source for sample in embedded.samples if sample.source)),
        problems=[*found, *problems],
    )
