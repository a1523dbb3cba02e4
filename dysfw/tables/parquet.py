"""Reads Parquet files, in constant memory."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import DysfwError
from ..util.install import install_command
from .columns import Column, Header, read_header
from .records import Record, RecordSource


def open_parquet(path: Path, columns: Sequence[Column]) -> RecordSource:
    """Open a Parquet file and read its header.

    Args:
        path: The file.
        columns: The columns that are expected; the others are not read.

    Returns:
        Its header, and its records when they are iterated.

    Raises:
        DysfwError: pyarrow is missing, or the file cannot be read.
    """
    try:
        from pyarrow import parquet
        from pyarrow.lib import ArrowException
    except ImportError as error:
        raise DysfwError(f"{path}: Parquet needs pyarrow ({error})", hint=install_command("dysfw", "parquet")) from None
    try:
        header = read_header(parquet.read_schema(path).names, columns)
    except (ArrowException, OSError) as error:
        raise DysfwError(f"{path} is not a Parquet file: {error}") from None
    return RecordSource(header, _records(path, header), [])


def _records(path: Path, header: Header) -> Iterator[Record]:
    from pyarrow import parquet
    from pyarrow.lib import ArrowException

    places = sorted(header.places.values())
    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=[header.names[place] for place in places], batch_size=8192):
                arrays = [batch.column(index).to_pylist() for index in range(batch.num_columns)]
                for number, values in enumerate(zip(*arrays, strict=True), number + 1):  # noqa: B020  # resumes the count
                    cells = [""] * (places[-1] + 1)
                    for place, value in zip(places, values, strict=True):
                        cells[place] = _text(value)
                    yield Record(number, cells)
    except (ArrowException, OSError) as error:
        raise DysfwError(f"{path} is not a Parquet file: {error}") from None


def _text(value: object) -> str:
    """Text of a cell, "" if empty. An integer column with gaps holds floats, which are written as integers; a list is JSON."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False, default=str) if value else ""
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)
