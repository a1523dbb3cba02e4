"""Excel workbooks, written by openpyxl as people fill them in."""

import datetime

import openpyxl
import pytest

from dysfw.errors import DysfwError
from dysfw.tables.columns import Column
from dysfw.tables.read import open_table

COLUMNS = [
    Column("path", ("file",), True),
    Column("label", ("diagnosis",), True, True),
    Column("patient", ("patient_id",), identifies=True),
]
HEADER = ["path", "label", "patient"]


@pytest.fixture
def saved(tmp_path):
    """saved(book): the workbook as a file. A list of rows makes a workbook."""

    def saved(book):
        if isinstance(book, list):
            rows, book = book, openpyxl.Workbook()
            for row in rows:
                book.active.append(row)
        book.save(tmp_path / "t.xlsx")
        return tmp_path / "t.xlsx"

    return saved


def read(path):
    table = open_table(path, COLUMNS, 10**7)
    assert table.problems == ()
    rows = list(table.rows())
    return rows, {remark.code: remark for remark in table.remarks}


def test_numbers_have_no_decimals_and_keep_shown_zeros(saved) -> None:
    book = openpyxl.Workbook()
    for row in (
        ["File", "Diagnosis", "Patient ID"],
        ["a.jpg", "x", 7],
        ["b.jpg", "x", 8.0],
        ["c.jpg", "x", 12],
        ["d.jpg", "y", 1.5],
    ):
        book.active.append(row)
    book.active["C3"].number_format = "0000"
    rows, remarks = read(saved(book))
    assert [row.cells["patient"] for row in rows] == ["7", "0008", "12", "1.5"]
    assert [row.number for row in rows] == [2, 3, 4, 5]
    assert {"zeros_kept", "column_recognised"} <= set(remarks)


def test_dates_as_names_are_refused(saved) -> None:
    rows, _ = read(saved([HEADER, ["a.jpg", datetime.datetime(2024, 9, 2), "1"], ["b.jpg", "x", datetime.date(2024, 3, 12)]]))
    assert rows[0].problem.startswith("label is the date 2024-09-02; the spreadsheet may have changed a name such as SEPT2")
    assert "(cell B2)" in rows[0].problem
    assert rows[1].problem.startswith("patient is the date 2024-03-12")


def test_long_numbers_as_names_are_refused(saved) -> None:
    rows, _ = read(saved([HEADER, ["a.jpg", "x", 1234567890123456]]))
    assert "patient is a number of more than 15 digits" in rows[0].problem


def test_formulas_without_a_saved_value_are_refused(saved) -> None:
    """openpyxl saves no values, as other programs that are not Excel."""
    rows, _ = read(saved([[*HEADER, "n"], ["a.jpg", '=CONCATENATE("x","y")', "1", "=1+1"], ["b.jpg", "x", "2", 2]]))
    assert rows[0].problem == "label holds a formula without a saved value; open and save the workbook in Excel (cell B2)"
    assert rows[1].problem == ""  # a formula in a column that is not read does not matter


def test_saved_values_of_formulas_are_read(saved, tmp_path) -> None:
    """A value is put beside the formula, as Excel does."""
    import zipfile

    path = saved([HEADER, ["a.jpg", '=CONCATENATE("x","y")', "1"]])
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(tmp_path / "u.xlsx", "w") as target:
        for part in source.namelist():
            content = source.read(part)
            if part == "xl/worksheets/sheet1.xml":
                content = (
                    content.replace(b'<c r="B2">', b'<c r="B2" t="str">')
                    .replace(b"<v></v>", b"<v>xy</v>")
                    .replace(b"<v />", b"<v>xy</v>")
                )
            target.writestr(part, content)
    rows, _ = read(tmp_path / "u.xlsx")
    assert (rows[0].cells["label"], rows[0].problem) == ("xy", "")


def test_merged_cells_of_a_column_give_every_row_their_value(saved) -> None:
    book = openpyxl.Workbook()
    for row in (HEADER, ["a.jpg", "x", "1"], ["b.jpg", None, "2"], ["c.jpg", "y", "3"]):
        book.active.append(row)
    book.active.merge_cells("B2:B3")
    rows, remarks = read(saved(book))
    assert [row.cells["label"] for row in rows] == ["x", "x", "y"]
    assert remarks["cells_merged"].number == 2


def test_cells_merged_across_columns_or_of_paths_are_refused(saved) -> None:
    book = openpyxl.Workbook()
    for row in (HEADER, ["a.jpg", "x", None], ["b.jpg", "y", "2"], [None, "z", "3"]):
        book.active.append(row)
    book.active.merge_cells("B2:C2")
    book.active.merge_cells("A3:A4")
    rows, _ = read(saved(book))
    assert [row.problem for row in rows] == [
        "cells B2:C2 are merged across columns; unmerge them",
        "cells A3:A4 are merged, so rows share one path; unmerge them",
        "cells A3:A4 are merged, so rows share one path; unmerge them",
    ]


def test_the_suitable_sheet_is_read(saved) -> None:
    book = openpyxl.Workbook()
    book.active.title = "About"
    book.active.append(["Study 12"])
    data = book.create_sheet("Images")
    for row in (["Title of the study"], [], HEADER, ["a.jpg", "x", "1"]):
        data.append(row)
    book.create_sheet("Empty")
    rows, remarks = read(saved(book))
    assert [(row.number, row.cells["path"]) for row in rows] == [(4, "a.jpg")]
    assert remarks["sheet_chosen"].message == "sheet 'Images' is read; other sheets: 'About', 'Empty'"
    assert remarks["lines_skipped"].number == 1


def test_several_suitable_sheets_are_refused_unless_one_is_called_manifest(saved) -> None:
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("B"), book.create_sheet("C")):
        sheet.append(HEADER)
        sheet.append([f"{sheet.title}.jpg", "x", "1"])
    path = saved(book)
    with pytest.raises(DysfwError, match="has 3 sheets that could be read: 'Sheet', 'B', 'C'"):
        read(path)
    book["B"].title = "Manifest"
    rows, _ = read(saved(book))
    assert [row.cells["path"] for row in rows] == ["B.jpg"]


def test_hidden_sheets_are_not_read_and_hidden_rows_are_reported(saved) -> None:
    book = openpyxl.Workbook()
    old = book.create_sheet("old")
    old.sheet_state = "hidden"
    for sheet in (book.active, old):
        for row in (HEADER, ["a.jpg", "x", "1"], ["b.jpg", "y", "2"]):
            sheet.append(row)
    book.active.row_dimensions[3].hidden = True
    rows, remarks = read(saved(book))
    assert len(rows) == 2
    assert remarks["hidden_rows"].severity == "warning"


def test_what_is_no_workbook_is_refused(tmp_path) -> None:
    (tmp_path / "t.xlsx").write_text("path,label\na.jpg,x\n")
    with pytest.raises(DysfwError, match="is not an Excel workbook"):
        read(tmp_path / "t.xlsx")


def test_a_workbook_with_another_name_is_recognised(saved, tmp_path) -> None:
    saved([HEADER, ["a.jpg", "x", "1"]]).rename(tmp_path / "t.csv")
    rows, _ = read(tmp_path / "t.csv")
    assert rows[0].cells["path"] == "a.jpg"
