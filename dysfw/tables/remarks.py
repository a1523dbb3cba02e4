"""What was recognised, changed or left out while a table was read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from ..util.text import listed

MAX_EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that the reader of a table should know.

    Attributes:
        code: Machine-readable name.
        severity: "warning" if it may be wrong, otherwise "note".
        message: One line for people.
        number: Number of rows or cells concerned.
        examples: The first few rows or values concerned, unless the message names them.
    """

    code: str
    severity: Literal["warning", "note"]
    message: str
    number: int = 0
    examples: tuple[str, ...] = ()


@dataclass(slots=True)
class Rows:
    """Counts rows and keeps the numbers of the first few, so that memory does not grow with the table.

    Attributes:
        number: Number of rows.
        first: Numbers of the first rows.
        values: The first few different values that they hold.
    """

    number: int = 0
    first: list[int] = field(default_factory=list)
    values: dict[str, None] = field(default_factory=dict)

    def add(self, row: int, value: str = "") -> None:
        """Count a row."""
        self.number += 1
        if len(self.first) < MAX_EXAMPLES:
            self.first.append(row)
        if value and len(self.values) < MAX_EXAMPLES:
            self.values.setdefault(value)

    def __str__(self) -> str:
        """Return "row 4" or "rows 4, 7, 9, 11, 12 and 8 more"."""
        return row_text(self.first, self.number)


class RowsByKey(defaultdict[str, Rows]):
    """Rows by problem, column, or anything else that they have in common."""

    def __init__(self) -> None:
        super().__init__(Rows)


def row_text(numbers: Iterable[int], total: int | None = None) -> str:
    """Return "row 4" or "rows 4, 7, 9, 11, 12 and 8 more".

    Args:
        numbers: Numbers of the first rows, at least five if there are as many.
        total: Number of all rows; None if ``numbers`` are all of them.
    """
    every = list(numbers)
    total = len(every) if total is None else total
    shown = listed(map(str, every[:5]))
    rest = total - min(len(every), 5)
    return f"row{'s' if total > 1 else ''} {shown}{f' and {rest:,} more' if rest else ''}"
