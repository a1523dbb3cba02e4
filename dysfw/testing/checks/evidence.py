"""Checks of evidence. Those of its fit are in ``fitted_evidence``."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from ...contracts.components import Evidence
from ...types import ConditionIds, Float32, InterpretedRecord, PatientRecord
from ..outcome import ContractViolationError, NotApplicableError, require
from ..records import CONDITIONS, example_records
from ..subject import Subject
from . import fitted_evidence
from .fitted_evidence import fitted_of
from .harness import BATCH_TOLERANCE, Array, comparable, require_equal

FULL = PatientRecord(("HP:0000582", "HP:0000286"), ("HP:0000664",), 2.5, "female", "South Asian")
NO_SIGN = "no such sign, xqzw"
ODD_TEXTS = (
    "", " ", "HP:", "HP:9999999", "hp:0000343", "HP:0000343 ", "Long philtrum", "LONG  PHILTRUM", "long philtrm", "😀" * 40,
    "\x00\x1b[31m", "x" * 10_000, "'; DROP TABLE", "HP:0000343;HP:0000286", "𝕳𝖕", "HP:0000005", "{}", "%s%n", "\ud800",
)  # fmt: skip
UNKNOWN = (ConditionIds("no-such-condition"), ConditionIds("OMIM:0", ("OMIM:0", "no identifier", "")))


def returns_log_ratios(subject: Subject) -> None:
    """The log-likelihoods are float32 [N, K], finite or NaN."""
    found = _found(subject)
    shape = (len(example_records().records), len(CONDITIONS))
    require(
        found.shape == shape and found.dtype == np.float32,
        f"float32 {list(shape)}: records, conditions",
        found=f"{found.dtype} {list(found.shape)}",
        why="the contract requires it",
    )
    require(
        not np.isinf(found).any(),
        "finite log-likelihoods, or NaN for conditions that are not known",
        found=f"{np.count_nonzero(np.isinf(found)):,} infinite values",
        why="an infinite one would overrule the face and all other evidence",
    )


def knows_the_example_records(subject: Subject) -> None:
    """It knows something of records with signs, age, sex and ancestry, and of four well-known conditions."""
    require(
        np.isfinite(_found(subject)).any(),
        "at least one log-likelihood that is not NaN",
        found=f"NaN for all records, and for all of {', '.join(one.label for one in CONDITIONS)}",
        why="the other checks would compare nothing",
    )


def knows_nothing_of_an_empty_record(subject: Subject) -> None:
    """The whole row is NaN for a record that holds nothing."""
    evidence = fitted_of(subject)
    (row,) = evidence.log_likelihood([PatientRecord()], CONDITIONS)
    require(np.isnan(row).all(), "NaN for every condition", found=row, why="without a record, the face alone counts")
    parts = evidence.parts(PatientRecord(), CONDITIONS)
    require(len(parts) == 0, "no parts of an empty record", found=f"{len(parts)} parts", why="they would explain nothing")


def favours_the_right_condition(subject: Subject) -> None:
    """On average over the example records, the right condition has a higher log-likelihood than the others."""
    found, y = _found(subject).astype(np.float64), np.array(example_records().y)
    right = np.arange(len(CONDITIONS)) == y[:, None]
    rows = np.isfinite(found[right]) & (np.isfinite(found).sum(axis=1) > 1)
    if not rows.any():
        raise NotApplicableError("it compares no example record's condition with another one")
    difference = np.nanmean(found[rows][right[rows]] - np.nanmean(np.where(right, np.nan, found)[rows], axis=1))
    require(
        difference > 0,
        "higher log-likelihoods of the right condition than of others, on average over typical records",
        found=f"a difference of {difference:.3g}",
        why="positive values speak for a condition",
    )


def compares_each_record_independently(subject: Subject) -> None:
    """A row does not depend on the other records of the call."""
    evidence, records = fitted_of(subject), example_records().records[:20]
    single = np.concatenate([evidence.log_likelihood([record], CONDITIONS) for record in records])
    why = "a patient's result must not depend on other patients"
    _require_same(evidence.log_likelihood(records, CONDITIONS), single, "the same row one by one", why)


def compares_each_condition_independently(subject: Subject) -> None:
    """A value does not depend on the other conditions of the call, or on their order."""
    evidence, records = fitted_of(subject), example_records().records[:20]
    expected, why = evidence.log_likelihood(records, CONDITIONS), "the same call ranks a bundle's labels and all diseases"
    single = np.hstack([evidence.log_likelihood(records, [one]) for one in CONDITIONS])
    _require_same(expected, single, "the same value of a condition alone as among others", why)
    reverse = evidence.log_likelihood(records, CONDITIONS[::-1])[:, ::-1]
    _require_same(expected, reverse, "the same values for conditions in another order", why)


def accepts_nothing(subject: Subject) -> None:
    """There may be no records, or no conditions."""
    evidence, records = fitted_of(subject), example_records().records
    for some, conditions in (((), CONDITIONS), (records, ()), ((), ())):
        found, shape = evidence.log_likelihood(some, conditions), (len(some), len(conditions))
        why = "batches can be empty"
        require(
            found.shape == shape, f"{list(shape)} for {shape[0]} records, {shape[1]} conditions", found=found.shape, why=why
        )
    evidence.parts(FULL, ())


def accepts_unknown_conditions(subject: Subject) -> None:
    """A condition that it does not know gives NaN or a number, and changes no other."""
    evidence, records = fitted_of(subject), example_records().records[:20]
    found = evidence.log_likelihood(records, (*UNKNOWN, *CONDITIONS))
    require(
        not np.isinf(found).any(),
        "NaN or a finite number for an unknown condition",
        found="an infinite value",
        why="an infinite one would overrule the face",
    )
    why = "most diseases of an ontology are unknown to a recipe"
    _require_same(found[:, len(UNKNOWN) :], evidence.log_likelihood(records, CONDITIONS), "the same values beside them", why)


def adds_up_its_parts(subject: Subject) -> None:
    """The log ratios of the parts of a record add up to its log-likelihoods."""
    evidence = fitted_of(subject)
    divided = 0
    for record in example_records().records[:20]:
        parts = evidence.parts(record, CONDITIONS)
        if not parts:
            continue
        divided += 1
        names = [part.name for part in parts]
        require(
            all(names) and len(set(names)) == len(names), "a name of its own for each part", found=names, why="reports show it"
        )
        ratios = np.stack([part.log_ratio for part in parts])
        require(
            ratios.shape == (len(parts), len(CONDITIONS)) and ratios.dtype == np.float32,
            f"float32 [{len(CONDITIONS)}] as log_ratio of each part",
            found=f"{ratios.dtype} {list(ratios.shape[1:])}",
            why="the contract requires it",
        )
        total = np.where(np.isnan(ratios).all(axis=0), np.nan, np.nansum(ratios, axis=0))
        (row,) = evidence.log_likelihood([record], CONDITIONS)
        _require_same(row, total, "parts that add up to the log-likelihood", "a result is explained by its parts")
    if not divided:
        raise NotApplicableError("it returns no parts")


def accepts_any_text(subject: Subject) -> None:
    """Signs and ancestry may hold any text, ages any number, and a sign may be observed and excluded."""
    evidence = fitted_of(subject)
    records = [PatientRecord((text,), (text,), ancestry=text) for text in ODD_TEXTS]
    records += [PatientRecord(ODD_TEXTS, ODD_TEXTS), PatientRecord(tuple(f"HP:{n:07d}" for n in range(300)))]
    records += [PatientRecord(age=age) for age in (0.0, 120.0)]
    for record in records:
        _require_interpretation(evidence.interpret(record))
        evidence.parts(record, CONDITIONS)
    found = evidence.log_likelihood(records, CONDITIONS)
    require(
        not np.isinf(found).any(),
        "finite log-likelihoods, or NaN",
        found=f"{np.count_nonzero(np.isinf(found)):,} infinite values",
        why="a record is what people typed",
    )


def reports_what_it_uses(subject: Subject) -> None:
    """``interpret`` lists each sign that is used with its status, and a problem for each that is not."""
    evidence = _reading_signs(subject)
    interpreted = evidence.interpret(replace(FULL, observed=(*FULL.observed, NO_SIGN)))
    _require_interpretation(interpreted)
    statuses = [sign.status for sign in interpreted.signs]
    expected = ["observed"] * 2 + ["excluded"]
    require(
        sorted(statuses) == sorted(expected) or len(interpreted.problems) > 1,
        "two observed signs and an excluded one, or a problem for each that is missing",
        found=f"{statuses.count('observed')} observed, {statuses.count('excluded')} excluded and "
        f"{len(interpreted.problems)} problems",
        why="users must see how the record was understood",
    )
    require(
        interpreted.problems,
        f"a problem for the sign {NO_SIGN!r}",
        found="none",
        why="a misspelt sign must not be left out silently",
    )


def distinguishes_excluded_signs(subject: Subject) -> None:
    """A sign that was excluded does not count as an observed one."""
    evidence = _reading_signs(subject)
    signs = [record.observed for record in example_records().records if record.observed]
    observed = evidence.log_likelihood([PatientRecord(some) for some in signs], CONDITIONS)
    excluded = evidence.log_likelihood([PatientRecord((), some) for some in signs], CONDITIONS)
    require(
        not np.array_equal(observed, excluded, equal_nan=True),
        "another result if the same signs are excluded instead of observed",
        found="the same result",
        why="a sign that was looked for and not found says something else",
    )


def _reading_signs(subject: Subject) -> Evidence:
    evidence = fitted_of(subject)
    if not any(evidence.interpret(record).signs for record in example_records().records):
        raise NotApplicableError("it reads no signs")
    return evidence


def _require_interpretation(interpreted: object) -> None:
    """Require a complete InterpretedRecord."""
    if not isinstance(interpreted, InterpretedRecord):
        raise ContractViolationError("an InterpretedRecord", type(interpreted).__name__, "the contract requires it")
    for sign in interpreted.signs:
        complete = sign.id and sign.name and sign.status in ("observed", "excluded")
        why = "results show the signs"
        require(complete, "id, name and status (observed or excluded) of each sign", found=f"{sign.status!r}", why=why)
    for problem in interpreted.problems:
        require(
            re.fullmatch(r"[a-z]+(_[a-z]+)*", problem.code) and problem.message.strip(),
            "a code in snake_case and a message of each problem",
            found=f"code {problem.code!r}, message of {len(problem.message)} characters",
            why="programs read the code, people the message",
        )


def _found(subject: Subject) -> Float32:
    return fitted_of(subject).log_likelihood(example_records().records, CONDITIONS)


def _require_same(first: Array, second: Array, expected: str, why: str) -> None:
    require_equal(comparable(first), comparable(second), expected, why, BATCH_TOLERANCE)


CHECKS = (
    returns_log_ratios,
    knows_the_example_records,
    knows_nothing_of_an_empty_record,
    favours_the_right_condition,
    compares_each_record_independently,
    compares_each_condition_independently,
    accepts_nothing,
    accepts_unknown_conditions,
    adds_up_its_parts,
    accepts_any_text,
    reports_what_it_uses,
    distinguishes_excluded_signs,
    *fitted_evidence.CHECKS,
)
