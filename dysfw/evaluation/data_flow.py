"""Counts how many images and patients were found, excluded for each reason, and used."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..data.checks import CheckedDataset
from ..data.dataset import Dataset, Sample, patient_numbers
from ..training.embedded_dataset import EmbeddedDataset
from .result import DataFlow, Excluded

UNUSED_BY_OTHERS = "unusable_for_another_recipe"
# In the order in which they are decided; failures of the pipeline come before the last two.
LAST = ("too_few_patients", UNUSED_BY_OTHERS)


def data_flow(
    dataset: Dataset,
    checked: CheckedDataset,
    selected: Sequence[Sample],
    embedded: EmbeddedDataset,
    *,
    tested: int,
) -> DataFlow:
    """Follow every image of a data set from its file to the evaluation.

    Args:
        dataset: As it was read.
        checked: What the checks excluded.
        selected: The samples of conditions with enough patients.
        embedded: The images that were used, and those of ``selected`` that could not be embedded.
        tested: How many of the images used were tested.

    Returns:
        The numbers. Each image that was found is counted once: as used, or with one reason.
    """
    reason_of = dict(checked.excluded)
    chosen, used = {sample.path for sample in selected}, {sample.path for sample in embedded.samples}
    reason_of |= {sample.path: LAST[0] for sample in checked.dataset.samples if sample.path not in chosen}
    reason_of |= {Path(failure.source): failure.code for failure in embedded.failures}
    reasons = [None if sample.path in used else reason_of.get(sample.path, UNUSED_BY_OTHERS) for sample in dataset.samples]
    patients = patient_numbers(dataset.samples) if dataset.knows_patients else None
    excluded, remaining = [], np.ones(len(reasons), bool)
    for code in _in_order(reasons, checked):
        before = remaining.copy()
        remaining &= np.array([reason != code for reason in reasons])
        lost = None if patients is None else len(np.unique(patients[before])) - len(np.unique(patients[remaining]))
        number = int(before.sum() - remaining.sum())
        excluded.append(Excluded(code=code, images=number, patients=lost))
    left = None if patients is None else len(np.unique(patients[remaining]))
    final = None if patients is None else len(np.unique(embedded.groups))
    return DataFlow(
        images_found=len(reasons),
        patients_found=None if patients is None else len(np.unique(patients)),
        excluded=excluded,
        patients_joined=None if left is None or final is None else left - final,
        images_used=len(embedded),
        patients_used=final,
        images_tested=tested,
    )


def _in_order(reasons: Sequence[str | None], checked: CheckedDataset) -> list[str]:
    """The codes that occur, in the order in which images are excluded."""
    found = dict.fromkeys(reason for reason in reasons if reason)
    first = [code for code in dict.fromkeys(checked.excluded.values()) if code in found]
    last = [code for code in LAST if code in found]
    return [*first, *(code for code in found if code not in {*first, *last}), *last]
