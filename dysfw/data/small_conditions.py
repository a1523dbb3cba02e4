"""Leaves out conditions that cannot be trained, because one patient cannot be trained on and tested."""

from __future__ import annotations

from dataclasses import replace

from ..util.text import count, listed
from .dataset import Dataset, patient_numbers
from .findings import Finding

MIN_PATIENTS = 2


def leave_out_small_conditions(dataset: Dataset) -> Dataset:
    """Leave out the conditions with a single patient among the training images.

    Args:
        dataset: The data set.

    Returns:
        The others, with a finding that names what was left out; the same data set if all conditions have two patients.
    """
    train = dataset.split("train")
    patients = {(sample.label, number) for sample, number in zip(train, patient_numbers(train), strict=True)}
    trained = [label for label, _ in patients]
    small = [label for label in dataset.labels if trained.count(label) < MIN_PATIENTS]
    if not small:
        return dataset
    kept = tuple(sample for sample in dataset.samples if sample.label not in small)
    finding = Finding(
        code="too_few_patients",
        severity="exclusion",
        message=f"{count(len(small), 'condition')} with a single patient left out: {listed(map(repr, small), 10)}",
        images=len(dataset.samples) - len(kept),
    )
    conditions = {label: one for label, one in dataset.conditions.items() if label not in small}
    return replace(dataset, samples=kept, conditions=conditions, findings=(*dataset.findings, finding))
