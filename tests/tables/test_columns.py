"""Which columns are found, and what is said of the others."""

import openpyxl
import pyarrow
import pytest
from pyarrow import parquet

from dysfw.tables.columns import Column, folded, read_header
from dysfw.tables.read import open_table

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


def test_a_family_is_all_columns_that_begin_with_its_name_as_they_are_written() -> None:
    family = Column("p:", family=True)
    header = read_header(["path", "label", "p:A-b", "p:a_b", "P:c", "score"], [*COLUMNS, family])
    assert header.places == {"path": 0, "label": 1, "p:A-b": 2, "p:a_b": 3}
    assert header.problems == ()
    assert read_header(["path", "label", "p:a", "p:b", "p:a"], [*COLUMNS, family]).problems == ("more than one column 'p:a'",)


@pytest.mark.parametrize("name", ["table.csv", "table.parquet", "table.xlsx"])
def test_cells_of_a_family_are_read_by_the_names_in_the_table(tmp_path, name) -> None:
    content = {"path": ["a", "b"], "p:x y": [0.25, None], "other": ["?", "?"], "p:Z": [-1.0, 1e-7]}
    if name.endswith("csv"):
        (tmp_path / name).write_text("path,p:x y,other,p:Z\na,0.25,?,-1.0\nb,,?,1e-7\n")
    elif name.endswith("parquet"):
        parquet.write_table(pyarrow.table(content), tmp_path / name)
    else:
        book = openpyxl.Workbook()
        for row in zip(*([key, *values] for key, values in content.items()), strict=True):
            book.active.append(row)
        book.save(tmp_path / name)
    table = open_table(tmp_path / name, [Column("path"), Column("more"), Column("p:", family=True)], 2**20)
    cells = [row.cells for row in table.rows()]
    assert [(one["path"], one["more"], one["p:x y"]) for one in cells] == [("a", "", "0.25"), ("b", "", "")]
    assert [float(one["p:Z"]) for one in cells] == [-1, 1e-7]
    assert "other" not in cells[0]
