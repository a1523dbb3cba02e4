"""Summarises the data of an evaluation for its report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..data.checks import CheckedDataset
from ..data.dataset import Dataset
from ..data.findings import MAX_EXAMPLES
from ..training.embedded_dataset import EmbeddedDataset
from ..training.preparation import all_findings
from .result import DataFlow, DataSummary, Finding


def summarise(
    dataset: Dataset, checked: CheckedDataset, embedded: EmbeddedDataset, findings: Sequence[Finding], flow: DataFlow
) -> DataSummary:
    """Summarise the data of an evaluation.

    Args:
        dataset: As it was read.
        checked: What the checks found.
        embedded: The images that were embedded, and those that could not be.
        findings: What was found later.
        flow: How many images were found, excluded and used.
    """
    knows_patients = checked.knows_patients
    collected = [
        Finding(
            code=one.code, severity=one.severity, message=one.message, images=one.images, examples=list(one.examples)
        )
        for one in all_findings(checked, embedded)
    ]  # fmt: skip
    by_code = Counter(failure.code for failure in embedded.failures)
    first = {failure.code: failure for failure in reversed(embedded.failures)}
    collected += [
        Finding(
            code=code, severity="exclusion", message=first[code].message, images=number,
            examples=[dataset.relative(Path(f.source)) for f in embedded.failures if f.code == code][:MAX_EXAMPLES],
        )
        for code, number in by_code.most_common()
    ]  # fmt: skip
    labels = np.array([sample.label for sample in embedded.samples])
    return DataSummary(
        origin=str(dataset.origin),
        fingerprint=embedded.fingerprint,
        images=len(embedded),
        patients=len(np.unique(embedded.groups)) if knows_patients else None,
        per_label={
            label: (
                int((labels == label).sum()),
                len(np.unique(embedded.groups[labels == label])) if knows_patients else None,
            )
            for label in embedded.labels
        },
        sources=dict(Counter(sample.source for sample in embedded.samples if sample.source)),
        findings=[*collected, *findings],
        flow=flow,
    )
