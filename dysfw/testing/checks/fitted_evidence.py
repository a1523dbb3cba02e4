"""Checks of evidence that learns from the records of training patients."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from ...contracts.components import Evidence
from ...types import PatientRecord, State
from ..outcome import NotApplicableError, require
from ..records import CONDITIONS, IMAGES, example_records
from ..subject import Subject
from .fitted import reject_empty_state, through_a_bundle
from .harness import EvidenceHarness, comparable, harness_of, require_equal

MARKER = "seen by dr marker"
COPIES = 5
COPIES_TOLERANCE = 0.01  # an inner cross-validation may divide rows in another way
MOST_AGES = 0.2  # share of the training patients whose age may be in the state by chance, such as limits of bins


def accepts_a_condition_without_patients(subject: Subject) -> None:
    """A condition may have no training patients, as in a fold of a cross-validation."""
    evidence = _unfitted(subject)
    records, y, conditions, groups = _harness(subject).data()
    kept = np.flatnonzero(y != 2)
    evidence.fit([records[i] for i in kept], y[kept], conditions, groups[kept])
    found = evidence.log_likelihood(records, conditions)
    require(
        found.shape == (len(records), len(conditions)) and not np.isinf(found).any(),
        "[N, K], with NaN or finite values of a condition without patients",
        found=f"{list(found.shape)}, {np.count_nonzero(np.isinf(found)):,} infinite values",
        why="rare conditions miss in some folds",
    )
    why = "one fold must not decide what is known of other conditions"
    require(np.isfinite(found).any(), "other conditions to be known", found="NaN for all", why=why)


def accepts_empty_records(subject: Subject) -> None:
    """It can be fitted if no patient has a record, or if there are no patients."""
    _, y, conditions, groups = _harness(subject).data()
    for number in (len(y), 0):
        evidence = _unfitted(subject)
        evidence.fit([PatientRecord()] * number, y[:number], conditions, groups[:number])
        found = evidence.log_likelihood(example_records().records, conditions)
        require(
            not np.isinf(found).any(),
            "NaN or finite values after a fit to empty records",
            found=f"{np.count_nonzero(np.isinf(found)):,} infinite values",
            why="records are optional in a data set",
        )
        through_a_bundle(evidence.state())


def counts_each_patient_once(subject: Subject) -> None:
    """A patient with many images counts as much as one with few."""
    evidence = _unfitted(subject)
    records, y, conditions, groups = _harness(subject).data()
    times = np.where((groups % 3 == 0) & (np.arange(len(y)) % IMAGES == 0), COPIES, 1)
    # the other records of these patients are left out, so that all their rows are equal, and as many as the ratio says
    rows = np.flatnonzero((groups % 3 != 0) | (times > 1))
    evidence.fit([records[i] for i in rows], y[rows], conditions, groups[rows])
    repeated = np.repeat(rows, times[rows])
    again = _unfitted(subject)
    again.fit([records[i] for i in repeated], y[repeated], conditions, groups[repeated])
    require_equal(
        comparable(evidence.log_likelihood(records, conditions)),
        comparable(again.log_likelihood(records, conditions)),
        f"the same result if some patients have {COPIES} equal images instead of one",
        "patients with many photos would decide what is typical of a condition",
        COPIES_TOLERANCE,
    )


def keeps_no_patients_record(subject: Subject) -> None:
    """The state holds no text and no ages of single training patients."""
    evidence = _unfitted(subject)
    records, y, conditions, groups = _harness(subject).data()
    marked = [
        replace(record, observed=(*record.observed, f"{MARKER} {group}"), ancestry=f"{MARKER} {group}")
        for record, group in zip(records, groups, strict=True)
    ]
    evidence.fit(marked, y, conditions, groups)
    state = evidence.state()
    require(
        MARKER not in json.dumps(dict(state.values), default=str).casefold(),
        "no text that only one training patient's record has",
        found=f"the text {MARKER!r} in the values of the state",
        why="bundles are passed on, and a record is as sensitive as a face: keep what several patients share",
    )
    ages = sorted({record.age for record in records if record.age is not None})
    numbers = _numbers(state)
    kept = sum(bool(np.isclose(numbers, age, rtol=1e-6, atol=0).any()) for age in ages)
    require(
        kept <= MOST_AGES * len(ages),
        "no ages of single training patients",
        found=f"{kept} of {len(ages)} ages in the state",
        why="bundles are passed on, and a record is as sensitive as a face: keep distributions",
    )


def restores_its_state_from_a_bundle(subject: Subject) -> None:
    """Evidence restored from a bundle gives exactly the same results."""
    evidence, records = fitted_of(subject), example_records().records
    restored = subject.make()
    assert isinstance(restored, Evidence)  # noqa: S101
    restored.restore(through_a_bundle(evidence.state()))
    require_equal(
        comparable(evidence.log_likelihood(records, CONDITIONS)),
        comparable(restored.log_likelihood(records, CONDITIONS)),
        "the same results after a bundle",
        "a bundle must give what was trained",
        0,
    )


def rejects_an_invalid_state(subject: Subject) -> None:
    """An empty state raises ValueError."""
    reject_empty_state(_unfitted(subject))


def fitted_of(subject: Subject) -> Evidence:
    """The fitted evidence that checks share."""
    evidence = _harness(subject).fitted
    assert isinstance(evidence, Evidence)  # noqa: S101
    return evidence


def _harness(subject: Subject) -> EvidenceHarness:
    harness = harness_of(subject)
    assert isinstance(harness, EvidenceHarness)  # noqa: S101
    return harness


def _unfitted(subject: Subject) -> Evidence:
    """A new instance that can be fitted."""
    evidence = subject.make()
    assert isinstance(evidence, Evidence)  # noqa: S101
    if not evidence.needs_fit:
        raise NotApplicableError("it is not fitted")
    return evidence


def _numbers(state: State) -> np.ndarray:
    """All numbers of a state."""
    found = [np.ravel(array).astype(np.float64) for array in state.arrays.values() if array.dtype.kind in "biuf"]
    stack: list[object] = list(state.values.values())
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            stack += one.values()
        elif isinstance(one, list | tuple):
            stack += one
        elif isinstance(one, int | float):
            found.append(np.array([one], np.float64))
    return np.concatenate(found) if found else np.empty(0)


CHECKS = (
    accepts_a_condition_without_patients,
    accepts_empty_records,
    counts_each_patient_once,
    keeps_no_patients_record,
    restores_its_state_from_a_bundle,
    rejects_an_invalid_state,
)
