"""The records of a table, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .columns import Header
from .remarks import Remark


class Record(NamedTuple):
    """All cells of a row. It is a tuple, as are other records of rows: tables may have millions.

    Attributes:
        number: In CSV the line on which the row begins; in a workbook the number that Excel shows; in Parquet the number of the
            row, from 1.
        cells: Text of all cells, in order.
        problem: What is wrong with the row, or "".
    """

    number: int
    cells: Sequence[str]
    problem: str = ""


@dataclass(slots=True)
class RecordSource:
    """An open table.

    Attributes:
        header: Its columns.
        records: Its rows; can be iterated once.
        remarks: What was recognised or changed. It is complete after the last record.
    """

    header: Header
    records: Iterator[Record]
    remarks: list[Remark]
