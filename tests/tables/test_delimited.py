"""No row of a CSV file is swallowed, doubled or shifted without a word."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dysfw.errors import DysfwError
from dysfw.tables.columns import Column
from dysfw.tables.read import Row, open_table

COLUMNS = [Column("path", ("file",), True, True), Column("label", (), True, True)]
cell = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters='"\ufeff'), min_size=1, max_size=8
)
table_rows = st.lists(st.tuples(st.integers(0, 10**6), cell, cell), min_size=1, max_size=12)
on_disk = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def rows_of(path: Path, text: str | bytes) -> list[Row]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(open_table(path, COLUMNS, 10**9).rows())


def written(rows, separator=",", quoting=csv.QUOTE_MINIMAL) -> str:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=separator, quoting=quoting)
    writer.writerow(["path", "label", "remark"])
    writer.writerows((f"{number}.jpg", f"label {label}.", f"remark {remark}.") for number, label, remark in rows)
    return file.getvalue()


@on_disk
@given(rows=table_rows, separator=st.sampled_from(",;\t|"), quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_what_is_written_is_read(tmp_path, rows, separator, quoting) -> None:
    found = rows_of(tmp_path / "t.csv", written(rows, separator, quoting))
    assert [row.cells["path"] for row in found] == [f"{number}.jpg" for number, _, _ in rows]
    assert all(not row.problem for row in found)


@on_disk
@given(rows=table_rows, place=st.floats(0, 1), added=st.booleans())
def test_a_quote_too_many_or_too_few_never_loses_a_row_silently(tmp_path, rows, place, added) -> None:
    """Either a problem is reported, or every image is there once, in order."""
    text = written(rows, quoting=csv.QUOTE_ALL)
    start = text.index("\n") + 1
    if added:
        position = start + int(place * (len(text) - start))
        damaged = text[:position] + '"' + text[position:]
    else:
        quotes = [n for n in range(start, len(text)) if text[n] == '"']
        position = quotes[int(place * (len(quotes) - 1))]
        damaged = text[:position] + text[position + 1 :]
    found = rows_of(tmp_path / "t.csv", damaged)
    if not any(row.problem for row in found):
        assert [row.cells["path"] for row in found] == [f"{number}.jpg" for number, _, _ in rows]


def test_an_unclosed_quote_is_reported_where_it_opens(tmp_path) -> None:
    found = rows_of(tmp_path / "t.csv", 'path,label\n0.jpg,a\n1.jpg,"b\n2.jpg,a\n3.jpg,b\n')
    assert [(row.number, row.problem) for row in found] == [(2, ""), (3, "a quote opens in line 3 and is not closed by line 5")]


def test_an_unclosed_quote_that_a_later_one_closes_is_reported(tmp_path) -> None:
    found = rows_of(tmp_path / "t.csv", 'path,label\n0.jpg,"a\n1.jpg,b"\n2.jpg,c\n')
    assert [(row.number, row.problem) for row in found] == [
        (2, "a quote opens in line 2 (column 'label') and closes only in line 3"), (4, ""),
    ]  # fmt: skip


def test_an_unclosed_quote_in_a_column_that_is_not_read_is_reported(tmp_path) -> None:
    found = rows_of(tmp_path / "t.csv", 'path,label,remark\n0.jpg,a,"good\n1.jpg,b,"\n2.jpg,c,\n')
    assert "a quote opens in line 2 (column 'remark')" in found[0].problem


def test_an_unclosed_quote_in_a_large_file_needs_no_memory(tmp_path) -> None:
    """Reading resumes after the longest cell that is allowed."""
    found = rows_of(tmp_path / "t.csv", 'path,label\n0.jpg,"a\n' + "1.jpg,b\n" * 100_000)
    assert "a quote opens in line 2 and is not closed by line" in found[0].problem
    assert max(len(row.cells["label"]) for row in found) < 1000


def test_line_breaks_in_remarks_are_allowed(tmp_path) -> None:
    found = rows_of(tmp_path / "t.csv", 'path,label,remark\n0.jpg,a,"good\nlight, really"\n1.jpg,b,\n')
    assert [(row.number, row.cells["path"], row.problem) for row in found] == [(2, "0.jpg", ""), (4, "1.jpg", "")]


def test_a_lone_quote_is_reported(tmp_path) -> None:
    (row,) = rows_of(tmp_path / "t.csv", 'path,label\n0.jpg,a"\n')
    assert row.problem == 'label holds a single quote mark: “a"”'


def test_rows_may_end_early_but_have_no_more_cells(tmp_path) -> None:
    first, second = rows_of(tmp_path / "t.csv", "label,path,age\na,0.jpg\nb,1.jpg,3,4\n")
    assert (first.cells["path"], first.problem) == ("0.jpg", "")
    assert second.problem == "more cells than columns; a value that contains the separator needs quotes"


def test_ten_thousand_columns(tmp_path) -> None:
    names = [f"gene {n}" for n in range(9_998)]
    text = (
        ",".join(["path", *names, "label"])
        + "\n"
        + "".join(",".join([f"{n}.jpg", *["0"] * 9_998, "x"]) + "\n" for n in range(20))
    )
    found = rows_of(tmp_path / "t.csv", text)
    assert [row.cells for row in found] == [{"path": f"{n}.jpg", "label": "x"} for n in range(20)]


def test_a_file_that_is_not_of_its_encoding_to_the_end_is_refused(tmp_path) -> None:
    with pytest.raises(DysfwError, match="is not valid utf-16"):
        rows_of(tmp_path / "t.csv", "path,label\na.jpg,x\n".encode("utf-16") + b"\x00")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old or password-protected Excel workbook"),
        (b"{\\rtf1\\ansi", "a formatted text"),
        (b"<html><table>", "a web page"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x1f\x8b\x08\0", "compressed; unpack it first"),
    ],
)
def test_other_formats_are_named(tmp_path, content, what) -> None:
    with pytest.raises(DysfwError, match=f"is no table, but {what}"):
        rows_of(tmp_path / "t.csv", content)
