"""Reads CSV files row by row. A row is never swallowed by a quote that was not closed, and never read twice."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import DysfwError
from ..util.text import quoted
from .columns import Column
from .dialect import Dialect, find_dialect
from .encoding import find_encoding
from .records import Record, RecordSource
from .remarks import Remark, Rows

FILE_NAME = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,4}$")


def open_csv(path: Path, columns: Sequence[Column]) -> RecordSource:
    """Open a CSV file and read its header.

    Args:
        path: The file.
        columns: The columns that are expected.

    Returns:
        Its header, and its records when they are iterated.

    Raises:
        DysfwError: The file is not text.
        OSError: The file cannot be read.
    """
    encoding = find_encoding(path)
    remarks: list[Remark] = []
    if encoding.estimated:
        message = f"not UTF-8; read as {encoding}, for example {encoding.example}. If this is wrong, save the file as UTF-8"
        remarks.append(Remark("encoding_estimated", "warning", message))
    try:
        with path.open(encoding=encoding.name, newline="") as file:
            dialect = find_dialect(file, columns)
    except UnicodeDecodeError as error:
        raise _not_text(path, error) from None
    remarks += dialect.remarks
    return RecordSource(dialect.header, _records(path, encoding.name, dialect, remarks), remarks)


def _not_text(path: Path, error: UnicodeDecodeError) -> DysfwError:
    return DysfwError(f"{path} is not valid {error.encoding}: {error.reason}", hint="save it as CSV in UTF-8, or as .parquet")


def _records(path: Path, encoding: str, dialect: Dialect, remarks: list[Remark]) -> Iterator[Record]:
    comments, empty = Rows(), Rows()
    try:
        with path.open(encoding=encoding, newline="") as file:
            for _ in range(dialect.first - 1):  # lines as the csv module counts them: each ends with \n, \r or \r\n
                file.readline()
            for record in _parsed(file, dialect):
                if not record.problem and not any(map(str.strip, record.cells)):
                    if record.cells:
                        empty.add(record.number)
                elif record.cells and _is_comment(record, dialect):
                    comments.add(record.number)
                else:
                    yield record
    except UnicodeDecodeError as error:
        raise _not_text(path, error) from None
    if comments.number:
        remarks.append(Remark("comments_skipped", "note", f"comments and units skipped in {comments}", comments.number))
    if empty.number:
        remarks.append(Remark("empty_rows", "note", f"empty cells only in {empty}; skipped", empty.number))


def _parsed(file: Iterator[str], dialect: Dialect) -> Iterator[Record]:
    """The records, with a problem where quotes do not fit."""
    reader = csv.reader(file, delimiter=dialect.separator, quotechar=dialect.quote, skipinitialspace=True, strict=True)
    last = dialect.first - 1
    while True:
        start = last + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:  # the reader resumes at the next line
            last = dialect.first - 1 + reader.line_num
            yield Record(start, (), _quote_problem(str(error), start, last))
            continue
        last = dialect.first - 1 + reader.line_num
        problem = _swallowed(cells, start, dialect) if last > start else _lone_quote(cells, dialect)
        yield Record(start, cells, problem)


def _quote_problem(error: str, start: int, last: int) -> str:
    if "unexpected end" in error or "field larger" in error:
        return f"a quote opens in line {start} and is not closed by line {last}"
    if "after" in error:
        return "characters after a closing quote; in a quoted cell write each quote twice"
    return error


def _swallowed(cells: Sequence[str], start: int, dialect: Dialect) -> str:
    """The problem of a record of several lines if an unclosed quote may have swallowed others; otherwise "".

    A line break is allowed in a column that is not read, such as remarks, if no line in the cell has as many separators as a
    row.
    """
    opened = start
    names, read = dialect.header.names, set(dialect.header.places.values())
    for index, cell in enumerate(cells):
        lines = cell.splitlines()
        looks_like_rows = any(line.count(dialect.separator) >= max(1, len(names) - 1) for line in lines[1:])
        if len(lines) > 1 and (index in read or index >= len(names) or looks_like_rows):
            where = f"column {names[index]!r}" if index < len(names) else "a cell beyond the last column"
            return f"a quote opens in line {opened} ({where}) and closes only in line {opened + len(lines) - 1}"
        opened += max(0, len(lines) - 1)
    return ""


def _lone_quote(cells: Sequence[str], dialect: Dialect) -> str:
    """The problem of a cell with an odd number of quotes, one of which was probably meant to surround it; otherwise ""."""
    for name, place in dialect.header.places.items():
        if place < len(cells) and cells[place].count(dialect.quote) % 2 and dialect.quote == '"':
            return f"{name} holds a single quote mark: {quoted(cells[place], 40)}"
    return ""


def _is_comment(record: Record, dialect: Dialect) -> bool:
    """A line that begins with #, or a first line of units in brackets; neither if it names an image in the usual way."""
    text = record.cells[0].strip()
    if text.startswith("#") and not FILE_NAME.search(text):
        return True
    if record.number != dialect.first:
        return False
    filled = [cell.strip() for cell in record.cells if cell.strip()]
    return bool(filled) and all(cell[0] + cell[-1] in ("[]", "()", "<>") for cell in filled)
