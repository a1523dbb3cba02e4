"""Reads a sheet of an Excel workbook: the values that the program shows, and nothing that it would have to compute."""

from __future__ import annotations

import datetime
import itertools
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DysfwError
from ..util.install import install_command
from ..util.text import count, listed
from .columns import Column, Header, read_header
from .records import Record, RecordSource
from .remarks import Remark, Rows, RowsByKey

MAX_BYTES = 128 * 2**20  # of the workbook's unpacked parts, which need about ten times as much memory
MAX_CELLS = 2_500_000  # of a sheet
HEADER_ROWS = 25  # among which the header is looked for
SHEET = "manifest"  # the sheet of this name is read if several are suitable
EXACT = 10**15  # spreadsheets keep 15 digits of a number
PADDED = re.compile(r"0+")  # a number format that shows leading zeros
Sheet = Any  # openpyxl has no types


def open_workbook(path: Path, columns: Sequence[Column]) -> RecordSource:
    """Open a workbook, choose a sheet, and read its header.

    Args:
        path: The ``.xlsx`` file.
        columns: The columns that are expected.

    Returns:
        The header, and the records when they are iterated.

    Raises:
        DysfwError: openpyxl is missing, the file cannot be read, or the sheet is not clear.
    """
    try:
        import openpyxl
    except ImportError as error:
        message = f"{path}: Excel workbooks need openpyxl ({error})"
        raise DysfwError(message, hint=f"{install_command('dysfw', 'excel')}, or save the sheet as CSV") from None
    _refuse_size(path)
    try:
        with path.open("rb") as file:  # given a path, openpyxl would go by its ending
            book = openpyxl.load_workbook(file)
    except Exception as error:  # on damaged files openpyxl raises anything
        raise DysfwError(f"{path} cannot be read as an Excel workbook: {error}", hint="save the sheet as CSV") from None
    sheet, header, first, remarks = _choose(path, book, columns)
    return RecordSource(header, _Reader(path, sheet, header, first, columns, remarks).records(), remarks)


def _refuse_size(path: Path) -> None:
    """Refuse a workbook that would not fit into memory, before it is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise DysfwError(f"{path} is not an Excel workbook: {error}", hint="save the sheet as .xlsx or CSV") from None
    if size > MAX_BYTES:
        raise DysfwError(f"{path} is larger than {MAX_BYTES:,} bytes when unpacked", hint="save the sheet as CSV")


def _choose(path: Path, book: Any, columns: Sequence[Column]) -> tuple[Sheet, Header, int, list[Remark]]:  # noqa: ANN401
    """The sheet to read, its header, the first row after it, and what was decided."""
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    found = {sheet: _find_header(sheet, columns) for sheet in visible}
    suitable = [sheet for sheet in visible if not found[sheet][0].problems]
    named = [sheet for sheet in suitable if sheet.title.strip().casefold() == SHEET]
    if len(suitable) > 1 and len(named) != 1:
        raise DysfwError(
            f"{path} has {len(suitable)} sheets that could be read: {listed(repr(sheet.title) for sheet in suitable)}",
            hint=f"name the one to read {SHEET!r}, or save it as CSV",
        )
    candidates = named or suitable or sorted(visible, key=lambda sheet: -len(found[sheet][0].places))
    if not candidates:
        raise DysfwError(f"{path} has no visible sheet")
    sheet = candidates[0]
    header, first = found[sheet]
    if sheet.max_row * sheet.max_column > MAX_CELLS:
        hint = "delete empty rows and columns below and beside the table, or save it as CSV"
        raise DysfwError(f"{path}: sheet {sheet.title!r} has more than {MAX_CELLS:,} cells", hint=hint)
    remarks = []
    others = [other.title for other in book.worksheets if other is not sheet]
    if others:
        message = f"sheet {sheet.title!r} is read; other sheets: {listed(map(repr, others))}"
        remarks.append(Remark("sheet_chosen", "note", message, len(others)))
    above = sheet.iter_rows(max_row=first - 2, values_only=True) if first > 2 else ()
    if skipped := sum(any(value is not None for value in row) for row in above):
        remarks.append(Remark("lines_skipped", "note", f"{count(skipped, 'row')} above the header skipped", skipped))
    return sheet, header, first, remarks


def _find_header(sheet: Sheet, columns: Sequence[Column]) -> tuple[Header, int]:
    """The row in which most columns are recognised, and the number of the next row."""
    rows = itertools.islice(sheet.iter_rows(values_only=True), HEADER_ROWS)
    headers = [
        (read_header(["" if value is None else str(value) for value in row], columns), number)
        for number, row in enumerate(rows, 1)
        if any(value is not None for value in row)
    ]
    if not headers:
        return read_header([], columns), 1
    header, number = max(headers, key=lambda found: (not found[0].problems, len(found[0].places), -found[1]))
    return header, number + 1


@dataclass(slots=True)
class _Reader:
    """Reads the rows below the header."""

    path: Path
    sheet: Sheet
    header: Header
    first: int
    columns: Sequence[Column]
    remarks: list[Remark]

    def records(self) -> Iterator[Record]:
        """Yield the rows that are not empty, and note what was recognised."""
        merged, refused = self._merged()
        values = self._cached_values()
        read = {place: name for name, place in self.header.places.items()}
        identifying = {column.name for column in self.columns if column.identifies}
        padded, hidden = RowsByKey(), Rows()
        for number, row in enumerate(self.sheet.iter_rows(min_row=self.first), self.first):
            cells, problems = [], []
            for place, cell in enumerate(row):
                name = read.get(place)
                if name is None:
                    cells.append("" if cell.value is None else "x")  # only whether it is empty matters
                    continue
                source = merged.get((number, place + 1), cell)
                value = values[source.coordinate].value if values and source.data_type == "f" else source.value
                text, problem = _text(value, source, identifies=name in identifying)
                cells.append(text)
                problems += [f"{name} {problem} (cell {source.coordinate})"] if problem else []
                if text != str(value) and PADDED.fullmatch(str(source.number_format)) and text:
                    padded[name].add(number, text)
            if place_problem := refused.get(number):
                problems.append(place_problem)
            if not any(cells):
                continue
            if self.sheet.row_dimensions[number].hidden:
                hidden.add(number)
            yield Record(number, cells[: len(self.header.names)], "; ".join(problems))
        for name, rows in padded.items():
            message = f"{name}: numbers with leading zeros are read as shown ({listed(rows.values, 3)} …) in {rows}"
            self.remarks.append(Remark("zeros_kept", "note", message, rows.number))
        if hidden.number:
            message = f"{hidden} {'is' if hidden.number == 1 else 'are'} hidden or filtered out in the sheet, and read as well"
            self.remarks.append(Remark("hidden_rows", "warning", message, hidden.number))

    def _merged(self) -> tuple[dict[tuple[int, int], Any], dict[int, str]]:
        """The cell that gives each merged cell its value, by row and column; and the problem of rows merged across columns."""
        source: dict[tuple[int, int], Any] = {}
        refused: dict[int, str] = {}
        filled: defaultdict[str, int] = defaultdict(int)
        columns = {place + 1: name for name, place in self.header.places.items()}
        for area in self.sheet.merged_cells.ranges:
            names = [columns[column] for column in range(area.min_col, area.max_col + 1) if column in columns]
            if area.max_row < self.first or not names:
                continue
            if area.min_col != area.max_col:
                for row in range(max(area.min_row, self.first), area.max_row + 1):
                    refused[row] = f"cells {area.coord} are merged across columns; unmerge them"
            elif names[0] == self.columns[0].name:
                for row in range(max(area.min_row, self.first), area.max_row + 1):
                    refused[row] = f"cells {area.coord} are merged, so rows share one {names[0]}; unmerge them"
            else:
                for row in range(max(area.min_row, self.first), area.max_row + 1):
                    source[row, area.min_col] = self.sheet.cell(area.min_row, area.min_col)
                    filled[names[0]] += 1
        for name, number in filled.items():
            message = f"{name}: {count(number, 'row')} of merged cells have the value of the merged cell"
            self.remarks.append(Remark("cells_merged", "note", message, number))
        return source, refused

    def _cached_values(self) -> Sheet | None:
        """The same sheet with the values of its formulas, as the program saved them; None if it has no formula."""
        places = [place + 1 for place in self.header.places.values()]
        rows = self.sheet.iter_rows(min_row=self.first)
        if not any(cell.data_type == "f" for row in rows for cell in row if cell.column in places):
            return None
        import openpyxl

        with self.path.open("rb") as file:
            return openpyxl.load_workbook(file, data_only=True)[self.sheet.title]


def _text(value: object, cell: Any, *, identifies: bool) -> tuple[str, str]:  # noqa: ANN401
    """Text of a cell as the program shows it, and what is wrong with it, or ""."""
    if value is None:
        return "", "holds a formula without a saved value; open and save the workbook in Excel" if cell.data_type == "f" else ""
    if isinstance(value, bool):
        return str(value).upper(), ""
    if isinstance(value, (datetime.date, datetime.time, datetime.timedelta)):
        text = value.isoformat() if isinstance(value, (datetime.date, datetime.time)) else str(value)
        text = text.removesuffix("T00:00:00")
        advice = f"is the date {text}; the spreadsheet may have changed a name such as SEPT2. Format the cell as text"
        return text, advice if identifies else ""
    if isinstance(value, (int, float)):
        if identifies and abs(value) >= EXACT:
            return str(value), "is a number of more than 15 digits, which spreadsheets round. Format the cell as text"
        whole = isinstance(value, int) or value.is_integer()
        text = str(int(value)) if whole else str(value)
        shown = str(cell.number_format)
        return (text.zfill(len(shown)) if whole and value >= 0 and PADDED.fullmatch(shown) else text), ""
    return str(value), ""
