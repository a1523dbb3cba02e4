"""Reads the rows of CSV and Parquet files, every cell as text."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import DysfwError


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        number: In CSV the line on which the row ends; in Parquet the number of the row, from 1.
        cells: Stripped text of the requested columns, by name; "" for an empty cell.
        problem: What is wrong with the row, or "".
    """

    number: int
    cells: dict[str, str]
    problem: str = ""


def read_rows(
    path: Path, kind: str, columns: Sequence[str], check: Callable[[Sequence[str]], None], max_bytes: int
) -> Iterator[Row]:
    """Read the rows of a table.

    Args:
        path: A ``.parquet`` file, or CSV in UTF-8.
        kind: What messages call the file, such as "manifest".
        columns: Names of the columns to read.
        check: Called with the names of all columns; raises DysfwError if one is missing.
        max_bytes: Maximum size of the file.

    Yields:
        One row after another.

    Raises:
        DysfwError: The file is too large or cannot be read.
    """
    if path.stat().st_size > max_bytes:
        raise DysfwError(
            f"{path} is larger than {max_bytes:,} bytes", hint="remove columns that are not needed, or save it as Parquet"
        )
    reader = _parquet if path.suffix.lower() == ".parquet" else _csv
    for number, row in reader(path, kind, columns, check):
        cells = {name: _text(row.get(name)) for name in columns}
        # The csv module stores cells beyond the last column under None.
        too_many = "more cells than columns; a value that contains a comma needs quotes"
        yield Row(number, cells, too_many if None in row else "")


def _text(value: object) -> str:
    """Text of a cell, "" if empty. An integer column with gaps holds floats, which are written as integers."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()


def _csv(
    path: Path, kind: str, columns: Sequence[str], check: Callable[[Sequence[str]], None]
) -> Iterator[tuple[int, Mapping[Any, Any]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            names = [name.strip() for name in reader.fieldnames or []]
            if duplicates := sorted({name for name in names if name in columns and names.count(name) > 1}):
                raise DysfwError(f"{path} has more than one column {duplicates[0]!r}", hint="keep one of them")
            reader.fieldnames = names
            check(names)
            for row in reader:
                yield reader.line_num, row
    except (UnicodeDecodeError, csv.Error) as error:
        raise DysfwError(f"{path} is not a CSV {kind}: {error}", hint="save it as CSV in UTF-8, or as .parquet") from None


def _parquet(
    path: Path, kind: str, columns: Sequence[str], check: Callable[[Sequence[str]], None]
) -> Iterator[tuple[int, Mapping[Any, Any]]]:
    try:
        from pyarrow import parquet
        from pyarrow.lib import ArrowInvalid
    except ImportError as error:
        raise DysfwError(f"a Parquet {kind} needs pyarrow ({error})", hint="pip install 'dysfw[parquet]'") from None
    try:
        with parquet.ParquetFile(path) as file:
            names = file.schema_arrow.names
            check(names)
            batches = file.iter_batches(columns=[name for name in names if name in columns])
            yield from enumerate((row for batch in batches for row in batch.to_pylist()), 1)
    except (ArrowInvalid, OSError) as error:
        raise DysfwError(f"{path} is not a Parquet {kind}: {error}") from None
