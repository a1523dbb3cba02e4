"""Opens a table of any supported format by what the file holds, whatever its name says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..errors import DysfwError
from .columns import Column, clean
from .delimited import open_csv
from .parquet import open_parquet
from .records import RecordSource
from .remarks import Remark
from .workbook import open_workbook

TABLES = (".csv", ".tsv", ".xlsx", ".parquet")  # usual endings of tables' names
OTHER_ENDINGS = (".txt", ".tab", ".xlsm", ".xls", ".ods", ".pq")  # that no image has: such a file is read, or refused by name
# What some files begin with that people give as tables.
OTHER_FORMATS = {
    b"\xd0\xcf\x11\xe0": "an old or password-protected Excel workbook (.xls); save it as .xlsx without a password, or as CSV",
    b"{\\rtf": "a formatted text (RTF); save it as CSV",
    b"%PDF": "a PDF; save the table as CSV or .xlsx",
    b"<html": "a web page; save the table as CSV or .xlsx",
    b"<!DOC": "a web page; save the table as CSV or .xlsx",
    b"SQLite": "an SQLite database; export the table as CSV",
    b"\x1f\x8b": "compressed; unpack it first",
    b"BZh": "compressed; unpack it first",
    b"(\xb5/\xfd": "compressed; unpack it first",
}


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        number: In CSV the line on which the row begins; in a workbook the number that Excel shows; in Parquet the number of the
            row, from 1.
        cells: Stripped text of the requested columns, by name; "" for an empty cell or a column that the table lacks. Columns
            of a family have their names in the table.
        problem: What is wrong with the row, or "".
    """

    number: int
    cells: dict[str, str]
    problem: str = ""


@dataclass(slots=True)
class Table:
    """An open table.

    Attributes:
        path: The file.
        columns: The columns that were asked for.
    """

    path: Path
    columns: Sequence[Column]
    _source: RecordSource

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns of the table."""
        return self._source.header.names

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the columns; the rows of a table with problems cannot be read."""
        return self._source.header.problems

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What was recognised, changed or left out; complete after the last row."""
        return (*self._source.header.remarks, *self._source.remarks)

    def rows(self) -> Iterator[Row]:
        """Read the rows, once.

        Yields:
            One row after another; rows without any value are left out.

        Raises:
            DysfwError: The file cannot be read to its end.
        """
        header = self._source.header
        width = len(header.names)
        absent = {column.name: -1 for column in self.columns if not column.family}
        places = list((absent | header.places).items())
        try:
            for record in self._source.records:
                cells = record.cells
                length = len(cells)
                values = {name: clean(cells[place]) if 0 <= place < length else "" for name, place in places}
                problem = record.problem
                if not problem and length > width and any(map(str.strip, cells[width:])):
                    problem = "more cells than columns; a value that contains the separator needs quotes"
                yield Row(record.number, values, problem)
        except OSError as error:
            raise DysfwError(f"cannot read {self.path}: {error.strerror or error}") from None


def is_table(path: Path) -> bool:
    """Return whether a file's name is that of a table."""
    return path.suffix.lower() in (*TABLES, *OTHER_ENDINGS)


def open_table(path: Path, columns: Sequence[Column], max_bytes: int) -> Table:
    """Open a table: CSV in any usual dialect and encoding, an Excel workbook, or Parquet.

    Args:
        path: The file.
        columns: The columns to read.
        max_bytes: Maximum size of the file.

    Returns:
        The table. Its problems say whether its rows can be read.

    Raises:
        DysfwError: The file is too large, or not a table.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise DysfwError(f"{path} is not a file")
        if not size:
            raise DysfwError(f"{path} is empty", hint="save the table again, with the names of its columns in the first row")
        if size > max_bytes:
            hint = "remove columns that are not needed, or save it as Parquet"
            raise DysfwError(f"{path} is larger than {max_bytes:,} bytes", hint=hint)
        with path.open("rb") as file:
            head = file.read(16)
        return Table(path, tuple(columns), _opener(path, head)(path, columns))
    except OSError as error:
        raise DysfwError(f"cannot read {path}: {error.strerror or error}") from None


def _opener(path: Path, head: bytes) -> Callable[[Path, Sequence[Column]], RecordSource]:
    for beginning, what in OTHER_FORMATS.items():
        if head.lstrip().startswith((beginning, beginning.lower())):
            raise DysfwError(f"{path} is no table, but {what}")
    if head.startswith(b"PAR1") or path.suffix.lower() == ".parquet":
        return open_parquet
    if head.startswith(b"PK\x03\x04") or path.suffix.lower() == ".xlsx":
        return open_workbook
    return open_csv
