"""Reads manifests: tables that list images with their labels, as people have them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from ..errors import DysfwError
from ..tables.columns import Column
from ..tables.missing import is_excel_error, is_missing
from ..tables.read import Table, open_table
from ..tables.remarks import RowsByKey
from ..types import PatientRecord
from ..util.paths import shown
from ..util.text import count, listed
from .dataset import EMPTY
from .findings import Finding, finding_of
from .locate import Located, Locator
from .manifest_records import RECORD_COLUMNS, RecordReader

COLUMNS = (
    Column("path", (
        "file", "filename", "file_name", "filepath", "file_path", "relative_path", "image", "image_path", "imagepath",
        "image_file", "image_filename", "image_name", "img", "img_path", "imgpath", "img_name", "photo", "photo_path",
        "picture",
    )),
    Column("label", (
        "class", "class_name", "class_label", "label_name", "diagnosis", "dx", "condition", "syndrome", "disorder", "disease",
        "target", "category",
    ), identifies=True),
    Column("patient", (
        "patient_id", "patientid", "patient_no", "patient_nr", "patient_number", "patient_name", "pat_id", "pid", "subject",
        "subject_id", "subjectid", "person", "person_id", "individual", "individual_id", "participant", "participant_id",
        "proband", "proband_id", "pseudonym",
    ), identifies=True),
    Column("split", ("set", "subset", "partition", "train_test", "data_split")),
    Column("source", (
        "site", "site_id", "hospital", "clinic", "centre", "center", "study", "cohort", "institution", "origin", "data_source",
        "dataset", "provenance",
    )),
    Column("publication", ("pmid", "pubmed", "pubmed_id", "doi", "paper", "article", "reference")),
    # No other name is recognised: a consent to something else is none to this.
    Column("composite_consent", dispensable=True),
    *RECORD_COLUMNS,
)  # fmt: skip
VALUES = ("label", "patient", "split", "source", "publication", "composite_consent")  # columns beside the path
SPLITS = {"train": "train", "training": "train", "test": "test", "testing": "test"}
CONSENT = {"yes": "yes", "true": "yes", "no": "no", "false": "no"}
MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
# What spreadsheets write into a CSV for a name that they took for a date or a number.
CHANGED = re.compile(rf"\d{{1,2}}-({MONTHS})|({MONTHS})-\d{{2}}|\d[.,]?\d*e\+\d+", re.IGNORECASE)
MAX_TRIED = 3  # missing files that a message names


class ManifestRow(NamedTuple):
    """A row of a manifest.

    Attributes:
        number: Of the row, as its program shows it.
        name: The image as it is written.
        image: Where it is: a path, or an address as it is written.
        exists: Whether it is there; True for an address.
        values: What ``VALUES`` lists, "" if missing.
        problem: Why the row cannot be used, or "".
        record: What the row holds of the patient beside the image.
    """

    number: int
    name: str
    image: str
    exists: bool
    values: dict[str, str]
    problem: str = ""
    record: PatientRecord = EMPTY


@dataclass(slots=True)
class Manifest:
    """An open manifest.

    Attributes:
        path: The file.
        table: Its content.
        real_labels: Labels that are meant although they look like a missing value.
        is_address: Tells addresses such as s3:// from paths.
    """

    path: Path
    table: Table
    real_labels: Collection[str] = ()
    is_address: Callable[[str], bool] = field(default=lambda _text: False)
    _found: RowsByKey = field(default_factory=RowsByKey)
    _missing: RowsByKey = field(default_factory=RowsByKey)
    _changed: RowsByKey = field(default_factory=RowsByKey)
    _unclear: RowsByKey = field(default_factory=RowsByKey)
    _splits: RowsByKey = field(default_factory=RowsByKey)
    _unread_consent: RowsByKey = field(default_factory=RowsByKey)
    _records: RecordReader = field(init=False)
    _total: int = 0
    _there: int = 0
    _tried: list[tuple[str, Located]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._records = RecordReader(self._missing)

    def rows(self) -> Iterator[ManifestRow]:
        """Read the rows, once.

        Yields:
            One row after another, with its problem.

        Raises:
            DysfwError: The file cannot be read to its end.
        """
        locator = Locator(self.path.parent)
        for row in self.table.rows():
            name = row.cells["path"]
            values = {key: self._value(key, row.cells[key], row.number) for key in VALUES}
            problem = row.problem or next((error for _, error in values.values() if error), "")
            texts = {key: text for key, (text, _) in values.items()}
            if problem or not name:
                yield ManifestRow(row.number, name, "", False, texts, problem or "path is empty")
                continue
            self._total += 1
            record = self._records.read(row.cells, row.number)
            if self.is_address(name):
                self._there += 1
                yield ManifestRow(row.number, name, name, True, texts, record=record)
                continue
            located = locator.locate(name)
            self._there += located.exists
            if located.how:
                self._found[located.how].add(row.number, name)
            if located.problem:
                self._unclear[located.problem].add(row.number, name)
            if not located.exists and len(self._tried) < MAX_TRIED:
                self._tried.append((name, located))
            yield ManifestRow(row.number, name, located.path, located.exists, texts, record=record)

    def _value(self, key: str, text: str, number: int) -> tuple[str, str]:
        """The text of a cell, "" if it stands for a missing value, and its problem."""
        if not text:
            return "", ""
        if is_excel_error(text):
            return "", f"{key} is {text!r}, an error of a spreadsheet's formula"
        if is_missing(text) and not (key == "label" and text in self.real_labels):
            self._missing[key].add(number, text)
            return "", ""
        if key == "split":
            split = SPLITS.get(text.casefold())
            if split and split != text:
                self._splits[split].add(number, text)
            return split or text, "" if split else f"split is {text!r}; allowed: train, test, or empty"
        if key == "composite_consent":
            consent = CONSENT.get(text.casefold(), "")
            if not consent:
                self._unread_consent[key].add(number, text)
            return consent, ""
        if key in ("label", "patient") and CHANGED.fullmatch(text):
            self._changed[key].add(number, text)
        return text, ""

    def none_there(self) -> DysfwError | None:
        """The error of a manifest of which not one image is there, with the first files tried; complete after the last row."""
        if self._there or not self._total:
            return None
        lines = "\n".join(f"  {shown(located.path)}" for _, located in self._tried)
        locator = Locator(self.path.parent)
        return DysfwError(
            f"{self.path} lists {count(self._total, 'image')}, but none is there. Tried:\n{lines}",
            hint=locator.suggestion(*self._tried[0]),
        )

    def findings(self) -> list[Finding]:
        """What was recognised, changed or left out; complete after the last row."""
        found = [finding_of(remark) for remark in self.table.remarks]
        for key, rows in self._missing.items():
            words = listed(map(repr, rows.values), 5)
            message = f"{key}: {count(rows.number, 'cell')} with {words} count as missing, in {rows}"
            found.append(Finding("missing_values", "warning", message, rows.number))
        for how, rows in self._found.items():
            message = f"{count(rows.number, 'path')} written {how}, in {rows}; the files were found"
            found.append(Finding("paths_recognised", "note", message, rows.number, tuple(rows.values)))
        for problem, rows in self._unclear.items():
            message = f"{count(rows.number, 'image')} not found, in {rows}: {problem}"
            found.append(Finding("paths_unclear", "warning", message, rows.number, tuple(rows.values)))
        for split, rows in self._splits.items():
            message = f"split {listed(map(repr, rows.values))} is read as {split}, in {rows}"
            found.append(Finding("split_recognised", "note", message, rows.number))
        for key, rows in self._unread_consent.items():
            words = listed(map(repr, rows.values), 5)
            message = f"{key}: {words} in {rows} count as no consent; allowed: yes, no, or empty"
            found.append(Finding("consent_unread", "warning", message, rows.number))
        for key, rows in self._changed.items():
            words = listed(map(repr, rows.values), 5)
            message = f"{key}: {words} in {rows} may be a name that a spreadsheet changed into a date or number"
            found.append(Finding("value_changed", "warning", message, rows.number))
        return [*found, *self._records.findings()]


def open_manifest(
    path: Path,
    max_bytes: int,
    *,
    labelled: bool,
    real_labels: Collection[str] = (),
    is_address: Callable[[str], bool] = lambda _text: False,
) -> Manifest:
    """Open a manifest.

    Args:
        path: A table in CSV, XLSX or Parquet.
        max_bytes: Maximum size of the file.
        labelled: Whether it needs a column of labels.
        real_labels: Labels that are meant although they look like a missing value.
        is_address: Tells addresses from paths, if the caller can read them.

    Returns:
        The manifest.

    Raises:
        DysfwError: The file is not a table, or its columns cannot be used.
    """
    required = ("path", "label") if labelled else ("path",)
    columns = [replace(one, required=one.name in required) for one in COLUMNS]
    table = open_table(path, columns, max_bytes)
    if table.problems:
        optional = [one.name for one in COLUMNS if one.name not in required]
        known = "; ".join(f"{one.name}: {listed(one.synonyms, 6)}" for one in COLUMNS if one.name in required)
        raise DysfwError(
            f"{path} has {'; '.join(table.problems)}",
            hint=f"required: {listed(required)}; optional: {listed(optional)}. Names that are recognised, too: {known} …",
        )
    return Manifest(path, table, real_labels, is_address)
