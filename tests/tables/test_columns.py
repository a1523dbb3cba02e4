"""Which columns are found, and what is said of the others."""

import pytest

from dysfw.tables.columns import Column, folded, read_header

COLUMNS = [
    Column("path", ("file", "filename"), True),
    Column("label", ("diagnosis",), True),
    Column("patient", ("patient_id", "subject")),
]


@pytest.mark.parametrize(
    "name", ["patient_id", "Patient ID", " patient-id ", "PatientId", "PATIENT_ID", "patient.id", "\ufeffpatient_id"]
)
def test_a_name_is_recognised_in_any_spelling(name) -> None:
    assert folded(name) == "patient_id"
    header = read_header(["path", "label", name], COLUMNS)
    assert header.places == {"path": 0, "label": 1, "patient": 2}
    assert [remark.code for remark in header.remarks] == ["column_recognised"]


def test_the_exact_name_wins_over_synonyms() -> None:
    header = read_header(["subject", "path", "label", "patient"], COLUMNS)
    assert header.places["patient"] == 3
    assert [(remark.code, remark.severity) for remark in header.remarks] == [("columns_unused", "note")]


def test_several_synonyms_are_refused_by_name() -> None:
    header = read_header(["path", "label", "Subject", "patient_id"], COLUMNS)
    assert header.problems == ("more than one column that may be 'patient': 'patient_id', 'Subject'",)


def test_a_doubled_column_is_refused() -> None:
    assert read_header(["path", "Label", "label"], COLUMNS).problems == ("more than one column 'label'",)


def test_all_missing_columns_are_named() -> None:
    assert len(read_header(["x", "y"], COLUMNS).problems) == 2


def test_a_misspelt_column_is_a_warning() -> None:
    (remark,) = read_header(["path", "label", "patiend", "age"], COLUMNS).remarks
    assert remark.severity == "warning"
    assert remark.message == "columns not used: patiend, age; is 'patiend' meant to be patient?"
