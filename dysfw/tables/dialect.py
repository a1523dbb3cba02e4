"""Finds separator, quotes and header of a CSV file by the columns that are expected in it.

The names of the columns are known, so nothing has to be guessed from frequencies of characters: the right separator is the one
that makes them appear. Lines above the header (titles, comments, Excel's ``sep=;``) are skipped and reported.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TextIO

from ..util.text import quoted
from .columns import Column, Header, read_header
from .remarks import Remark

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
QUOTES = ('"', "'")
MAX_LINES = 25  # among which the header is looked for
MAX_CHARACTERS = 2**22  # in these lines


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file is written.

    Attributes:
        separator: The character between cells.
        quote: The character around cells.
        header: The columns.
        first: Number of the first line after the header, from 1.
        remarks: What was recognised or skipped, if it is not the usual form.
    """

    separator: str
    quote: str
    header: Header
    first: int
    remarks: tuple[Remark, ...]


def find_dialect(file: TextIO, columns: Sequence[Column]) -> Dialect:
    """Find the dialect of a CSV file.

    Args:
        file: The file, opened with ``newline=""``, at its beginning.
        columns: The columns that are expected.

    Returns:
        The dialect under which most of the expected columns are found. The header may lack required ones.
    """
    lines = _head(file)
    candidates = [
        candidate
        for quote, separator in itertools.product(QUOTES, SEPARATORS)
        for candidate in _candidates(lines, separator, quote, columns)
    ]
    if not candidates:
        return Dialect(",", '"', read_header([], columns), 1, ())
    required = sum(column.required for column in columns)

    def rank(candidate: Dialect) -> tuple[bool, int, bool, int, int]:
        places, names = candidate.header.places, candidate.header.names
        complete = sum(column.required and column.name in places for column in columns) == required
        # A header that is recognised wins; then the first line; of single cells the usual comma.
        return complete, len(places), candidate.quote == '"', -candidate.first, len(names)

    best = max(candidates, key=rank)
    return Dialect(best.separator, best.quote, best.header, best.first, tuple(_remarks(best, lines)))


def _head(file: TextIO) -> list[str]:
    lines: list[str] = []
    while len(lines) < MAX_LINES and sum(map(len, lines)) < MAX_CHARACTERS and (line := file.readline(MAX_CHARACTERS)):
        lines.append(line)
    return lines


def _candidates(lines: Sequence[str], separator: str, quote: str, columns: Sequence[Column]) -> Iterable[Dialect]:
    """Each of the first lines as a header, as far as they can be read in this dialect."""
    reader = csv.reader(lines, delimiter=separator, quotechar=quote, skipinitialspace=True)
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                yield Dialect(separator, quote, read_header(cells, columns), reader.line_num + 1, ())
    except csv.Error:  # for example a cell without an end
        return


def _remarks(dialect: Dialect, lines: Sequence[str]) -> Iterable[Remark]:
    if dialect.separator != "," and len(dialect.header.names) > 1:
        yield Remark("separator_recognised", "note", f"cells are separated by {SEPARATORS[dialect.separator]}")
    if dialect.quote != '"':
        yield Remark("quotes_recognised", "note", f"cells are quoted by {dialect.quote}")
    # The header ends on the line before ``first`` and usually has one line.
    skipped = [line.strip() for line in lines[: dialect.first - 2] if line.strip()]
    if skipped and dialect.header.places:
        message = f"{len(skipped)} line{'s' * (len(skipped) > 1)} above the header skipped"
        yield Remark("lines_skipped", "note", message, len(skipped), tuple(quoted(line, 40) for line in skipped[:3]))
