"""Every usual way to write one table is read alike: encodings, separators, line ends and forms."""

import itertools
from pathlib import Path

import pytest

from dysfw.tables.columns import Column
from dysfw.tables.read import open_table

COLUMNS = [Column("path", ("file",), True), Column("label", ("diagnosis",), True), Column("patient", ("patient_id",))]
ROWS = [
    {"path": "images/Zoë 1.jpg", "label": "Sjögren–Larsson", "patient": "007"},
    {"path": "images/b.jpg", "label": "Noonan, Typ 2; mild", "patient": ""},
    {"path": "images/ø|3.jpg", "label": "Café-au-lait „Flecken“", "patient": "8"},
]
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "mac_roman")
SEPARATORS = (",", ";", "\t", "|")
LINE_ENDS = ("\n", "\r\n", "\r")
FORMS = {
    "plain": lambda header, rows, sep: [sep.join(header), *(sep.join(row) for row in rows)],
    "capitals": lambda header, rows, sep: [sep.join(name.upper() for name in header), *(sep.join(row) for row in rows)],
    "synonyms": lambda header, rows, sep: [sep.join([" File ", "Diagnosis", "Patient-ID"]), *(sep.join(row) for row in rows)],
    "quoted": lambda header, rows, sep: [sep.join(f'"{name}"' for name in header), *(sep.join(row) for row in rows)],
    "trailing": lambda header, rows, sep: [sep.join([*header, ""]), *(sep.join([*row, ""]) for row in rows)],
    "blank lines": lambda header, rows, sep: ["", sep.join(header), "", *(sep.join(row) for row in rows), "", sep * 2, ""],
    "title": lambda header, rows, sep: ["Study 12", "# exported 2024", sep.join(header), *(sep.join(row) for row in rows)],
    "units": lambda header, rows, sep: [
        sep.join(header),
        sep.join(["[file]", "[text]", "(id)"]),
        *(sep.join(row) for row in rows),
    ],
    "excel sep": lambda header, rows, sep: [f"sep={sep}", sep.join(header), *(sep.join(row) for row in rows)],
    "more columns": lambda header, rows, sep: [sep.join(["age", *header]), *(sep.join(["3.5", *row]) for row in rows)],
}
VARIANTS = list(itertools.product(ENCODINGS, SEPARATORS, LINE_ENDS, FORMS))


def quoted(cell: str, separator: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if separator in cell else cell


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_all_variants_of_a_table_are_read_alike(tmp_path: Path, encoding: str) -> None:
    read = 0
    for _, separator, end, form in (variant for variant in VARIANTS if variant[0] == encoding):
        rows = [[quoted(row[name], separator) for name in ("path", "label", "patient")] for row in ROWS]
        text = end.join(FORMS[form](["path", "label", "patient"], rows, separator)) + end
        path = tmp_path / f"{read}.csv"
        path.write_bytes(text.encode(encoding))
        table = open_table(path, COLUMNS, 10**6)
        found = list(table.rows())
        assert table.problems == (), (separator, end, form)
        assert [row.cells for row in found] == ROWS, (separator, end, form)
        assert {row.problem for row in found} == {""}, (separator, end, form)
        codes = {remark.code for remark in table.remarks}
        assert ("encoding_estimated" in codes) == (encoding in ("cp1252", "mac_roman"))
        assert ("separator_recognised" in codes) == (separator != ",")
        read += 1
    assert read == len(VARIANTS) / len(ENCODINGS)


def test_the_number_of_variants() -> None:
    assert len(VARIANTS) == 960
