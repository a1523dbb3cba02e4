"""Fits evidence to the records of training patients, and evaluates each record by evidence that has not seen the patient."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..contracts.components import Evidence
from ..inference.evidence import log_likelihoods
from ..types import Float32, Int64
from .embedded_dataset import EmbeddedDataset

MakeEvidence = Callable[[], tuple[Evidence, ...]]
Fold = tuple[Int64, Int64]  # rows to train and to test on


def fit_evidence_on(make_evidence: MakeEvidence, embedded: EmbeddedDataset, rows: Int64 | None = None) -> tuple[Evidence, ...]:
    """Make evidence, and fit what learns from patients.

    Args:
        make_evidence: Makes the recipe's evidence.
        embedded: The images, with their patients' records.
        rows: int64 [n], the images to use; None uses all.

    Returns:
        The evidence, in the recipe's order.
    """
    evidence = make_evidence()
    chosen = np.arange(len(embedded)) if rows is None else rows
    records = [embedded.samples[n].record for n in chosen]
    for one in evidence:
        if one.needs_fit:
            one.fit(records, embedded.y[chosen], embedded.condition_ids, embedded.groups[chosen])
    return evidence


def out_of_fold_evidence(make_evidence: MakeEvidence, embedded: EmbeddedDataset, folds: Sequence[Fold]) -> Float32 | None:
    """Evaluate each patient's record by evidence that was fitted to other patients.

    Args:
        make_evidence: Makes the recipe's evidence.
        embedded: N images, with their patients' records.
        folds: Rows to train and to test on. No patient is in both.

    Returns:
        float32 [N, E, K], NaN for what is not known and for rows that no fold tests; None if the recipe has no evidence.
    """
    evidence = make_evidence()
    if not evidence:
        return None
    records = [sample.record for sample in embedded.samples]
    conditions = embedded.condition_ids
    values = np.full((len(embedded), len(evidence), len(embedded.labels)), np.nan, np.float32)
    fixed = np.array([number for number, one in enumerate(evidence) if not one.needs_fit], np.int64)
    if len(fixed):
        values[:, fixed] = log_likelihoods([evidence[number] for number in fixed], records, conditions)
    fitted = np.array([number for number, one in enumerate(evidence) if one.needs_fit], np.int64)
    for train_rows, test_rows in folds if len(fitted) else ():
        of_fold = fit_evidence_on(make_evidence, embedded, train_rows)
        tested = [records[n] for n in test_rows]
        values[np.ix_(test_rows, fitted)] = log_likelihoods([of_fold[number] for number in fitted], tested, conditions)
    return values
