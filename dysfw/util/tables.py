"""Tables that people write: the rows of a CSV or Parquet file, every cell as text."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import DysfwError


class Row(NamedTuple):
    """number: in CSV the line on which the row ends, in Parquet counted from 1. cells: of the columns that were asked for,
    without spaces around, "" where there is nothing. problem: what is wrong with the row itself, or ""."""

    number: int
    cells: dict[str, str]
    problem: str = ""


def read_rows(
    path: Path, kind: str, columns: Sequence[str], check: Callable[[Sequence[str]], None], most_bytes: int
) -> Iterator[Row]:
    """The rows of a ``.parquet`` file, or else of CSV in UTF-8, one after another.

    kind: what messages call the file. columns: those that are read. check: is given the names of all columns, and raises
    DysfwError where one is missing. Raises DysfwError where the file is larger than most_bytes or cannot be read.
    """
    if path.stat().st_size > most_bytes:
        raise DysfwError(f"{path} is larger than {most_bytes:,} bytes", hint="leave other columns out, or take Parquet")
    reader = _parquet if path.suffix.lower() == ".parquet" else _csv
    for number, row in reader(path, kind, columns, check):
        cells = {name: _text(row.get(name)) for name in columns}
        # None is where the csv module puts the cells that no column has a name for.
        overfull = "more cells than columns; a comma in a value needs quotes around that value"
        yield Row(number, cells, overfull if None in row else "")


def _text(value: object) -> str:
    """A whole number that a gap in its column has made a float is written as the whole number; "" for nothing."""
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
            if doubled := sorted({name for name in names if name in columns and names.count(name) > 1}):
                raise DysfwError(f"{path} has more than one column {doubled[0]!r}", hint="keep one of them")
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
