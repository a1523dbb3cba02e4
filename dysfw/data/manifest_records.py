"""Reads the patients' records from the cells of a manifest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from ..records.age import age_of
from ..records.ancestry import parse_ancestry
from ..records.sex import parse_sex
from ..records.terms import split_terms
from ..tables.columns import Column
from ..tables.missing import is_excel_error, is_missing
from ..tables.remarks import RowsByKey
from ..types import PatientRecord
from ..util.text import count, listed
from .dataset import EMPTY, Sample
from .findings import MAX_EXAMPLES, Finding

T = TypeVar("T")
SYNONYMS = {
    "hpo_observed": (
        "hpo", "hpo_terms", "hpo_term", "hpo_ids", "hpo_id", "hpo_codes", "hpo_present", "hpo_positive", "observed_hpo",
        "present_hpo", "present_features", "observed_features", "observed_signs", "observed_terms",
    ),
    "hpo_excluded": (
        "hpo_absent", "hpo_negative", "hpo_negated", "excluded_hpo", "absent_hpo", "absent_features", "excluded_features",
        "excluded_signs", "excluded_terms",
    ),
    "age": (
        "age_year", "age_years", "age_yrs", "age_in_years", "age_at_examination", "age_at_exam", "age_at_photo", "age_at_image",
        "alter",
    ),
    "age_months": ("age_month", "age_in_months"),
    "sex": ("gender", "biological_sex", "sex_at_birth", "geschlecht"),
    "ancestry": ("ethnicity", "ethnic_group", "ethnic_background", "race"),
}  # fmt: skip
RECORD_COLUMNS = tuple(Column(name, synonyms, dispensable=True) for name, synonyms in SYNONYMS.items())
NAMES = tuple(SYNONYMS)
PARTS = {"observed": "observed signs", "excluded": "excluded signs", "age": "age", "sex": "sex", "ancestry": "ancestry"}


class _Parsed(NamedTuple):
    """What a row's cells hold.

    Attributes:
        record: The record, shared by all rows with an equal one.
        problems: Column and reason of each cell that is not used.
        missing: Column and text of each cell that stands for a missing value.
    """

    record: PatientRecord
    problems: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class RecordReader:
    """Makes records of cells. Equal records are one object, and so are equal signs: tables may have millions of rows.

    Attributes:
        missing: Rows whose cells stand for a missing value, by column; the manifest reports them.
    """

    missing: RowsByKey
    _unused: defaultdict[str, RowsByKey] = field(default_factory=lambda: defaultdict(RowsByKey))  # rows by column and reason
    _parsed: dict[tuple[str, ...], _Parsed] = field(default_factory=dict)
    _records: dict[PatientRecord, PatientRecord] = field(default_factory=lambda: {EMPTY: EMPTY})
    _signs: dict[str, str] = field(default_factory=dict)

    def read(self, cells: Mapping[str, str], number: int) -> PatientRecord:
        """Read the record of a row. A cell that cannot be used counts as missing.

        Args:
            cells: Text of the cells by column.
            number: Of the row.

        Returns:
            The record.
        """
        texts = tuple([cells[name] for name in NAMES])
        if not any(texts):
            return EMPTY
        parsed = self._parsed.get(texts)
        if parsed is None:
            parsed = self._parsed[texts] = self._parse(texts)
        for column, reason in parsed.problems:
            self._unused[column][reason].add(number)
        for column, text in parsed.missing:
            self.missing[column].add(number, text)
        return parsed.record

    def _parse(self, texts: tuple[str, ...]) -> _Parsed:
        missing = tuple((name, text) for name, text in zip(NAMES, texts, strict=True) if text and is_missing(text))
        problems: list[tuple[str, str]] = []

        def part(name: str, parse: Callable[[str], T], empty: T) -> T:
            text = known[name]
            if not text:
                return empty
            try:
                if is_excel_error(text):
                    raise ValueError("an error of a spreadsheet's formula")
                return parse(text)
            except ValueError as error:
                problems.append((name, str(error)))
                return empty

        known = {name: "" if is_missing(text) else text for name, text in zip(NAMES, texts, strict=True)}
        name = "age" if known["age"] else "age_months"
        record = PatientRecord(
            part("hpo_observed", self._terms, ()),
            part("hpo_excluded", self._terms, ()),
            part(name, lambda _text: age_of(known["age"], known["age_months"]), None),
            part("sex", parse_sex, None),
            part("ancestry", parse_ancestry, None),
        )
        return _Parsed(self._records.setdefault(record, record), tuple(problems), missing)

    def _terms(self, text: str) -> tuple[str, ...]:
        """The signs of a cell, without words for a missing value among them."""
        return tuple(
            [self._signs.setdefault(sign, sign) for sign in split_terms(text) if sign[:3] == "HP:" or not is_missing(sign)]
        )

    def findings(self) -> Iterator[Finding]:
        """Report the cells that are not used; complete after the last row. Their text is not shown: it may be a date of birth.

        Yields:
            A finding for each column and reason.
        """
        for column, reasons in self._unused.items():
            for reason, rows in reasons.items():
                message = f"{column}: {count(rows.number, 'cell')} not used, in {rows}: {reason}"
                yield Finding("record_values_unused", "warning", message, rows.number)


def record_findings(samples: Sequence[Sample]) -> Iterator[Finding]:
    """Say how many images have a record, and which patients' records contradict each other.

    Args:
        samples: The samples of a data set.

    Yields:
        At most one finding of each kind; none if no sample has a record.
    """
    records = [sample.record for sample in samples if sample.record]
    if not records:
        return
    numbers = {name: sum(getattr(record, key) not in ((), None) for record in records) for key, name in PARTS.items()}
    parts = listed(f"{name} in {number:,}" for name, number in numbers.items() if number)
    message = f"patients' records beside {len(records):,} of {count(len(samples), 'image')}: {parts}"
    yield Finding("records_recognised", "note", message, len(records))
    yield from _conflicting_sex(samples)


def _conflicting_sex(samples: Iterable[Sample]) -> Iterator[Finding]:
    sexes: defaultdict[str, set[str]] = defaultdict(set)
    for sample in samples:
        if sample.patient is not None and sample.record.sex:
            sexes[sample.patient].add(sample.record.sex)
    if conflicts := [patient for patient, found in sexes.items() if len(found) > 1]:
        message = (
            f"{count(len(conflicts), 'patient')} female in one row and male in another; each image keeps its own record. "
            "Either a value is wrong, or two people have one name"
        )
        yield Finding("patient_conflicting_sex", "warning", message, len(conflicts), tuple(conflicts[:MAX_EXAMPLES]))
