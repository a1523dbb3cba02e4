"""Makes one record of several of one patient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from ..types import PatientRecord, RecordProblem
from ..util.text import count

T = TypeVar("T")


def merge_records(records: Iterable[PatientRecord]) -> tuple[PatientRecord, tuple[RecordProblem, ...]]:
    """Merge the records of one patient, such as those of several images.

    Args:
        records: The records.

    Returns:
        The signs of all, each once. A sign that one record observed and another excluded counts as observed: once seen, it was
        there. Age, sex and ancestry are kept if all records that have one agree; otherwise they are unknown. And the problems.
    """
    distinct = list(dict.fromkeys(filter(None, records)))
    if len(distinct) < 2:
        return (distinct[0] if distinct else PatientRecord()), ()
    problems: list[RecordProblem] = []
    observed = tuple(dict.fromkeys(sign for one in distinct for sign in one.observed))
    seen = frozenset(observed)
    excluded = dict.fromkeys(sign for one in distinct for sign in one.excluded)
    both = [sign for sign in excluded if sign in seen]
    if both:
        message = f"{count(len(both), 'sign')} observed in one record of the patient and excluded in another; observed is used"
        problems.append(RecordProblem("contradictory_records", message, used=True))
    merged = PatientRecord(
        observed,
        tuple(sign for sign in excluded if sign not in seen),
        _common("age", (one.age for one in distinct), problems),
        _common("sex", (one.sex for one in distinct), problems),
        _common("ancestry", (one.ancestry for one in distinct), problems),
    )
    return merged, tuple(problems)


def _common(name: str, values: Iterable[T | None], problems: list[RecordProblem]) -> T | None:
    """The value that all agree on; None, with a problem, if they do not."""
    known = {value for value in values if value is not None}
    if len(known) > 1:
        problems.append(RecordProblem("different_records", f"the patient's records differ in {name}, so that it is not used"))
        return None
    return next(iter(known), None)
