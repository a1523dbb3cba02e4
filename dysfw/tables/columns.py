"""Finds the columns that are needed among those that a table has."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ..util.text import closest, listed
from .remarks import Remark

MIN_SIMILARITY = 0.8  # of an unused column and an absent one, for a question
MAX_COMPARED = 200  # unused columns; tables may have thousands
ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is read.

    Attributes:
        name: Its name.
        synonyms: Other names that are recognised, in lower case and with "_" between words.
        required: Whether a table needs it.
        identifies: Whether its values are names, in which a number or a date made by a spreadsheet would be an error.
        family: Whether it stands for all columns whose names, as they are written, begin with its name.
        dispensable: Whether none is read, with a warning, if several columns may be meant. Otherwise this is a problem.
    """

    name: str
    synonyms: tuple[str, ...] = ()
    required: bool = False
    identifies: bool = False
    family: bool = False
    dispensable: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a table.

    Attributes:
        names: All names, as they are in the table.
        places: The index of each column that was found, by its own name; those of families by the names in the table.
        problems: Why it cannot be used; empty if it can.
        remarks: What was recognised.
    """

    names: tuple[str, ...]
    places: dict[str, int]
    problems: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()


def clean(text: str) -> str:
    """Strip spaces of all kinds, and characters without a width, from both ends."""
    return text.translate(ZERO_WIDTH).strip() if not text.isascii() else text.strip()


def folded(name: str) -> str:
    """Write a column's name in the form of ``Column.synonyms``: " Patient-ID " becomes "patient_id"."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", clean(unicodedata.normalize("NFKC", name)))  # PatientId
    return re.sub(r"[\s._-]+", "_", spaced.casefold()).strip("_")


def read_header(names: Sequence[str], columns: Sequence[Column]) -> Header:
    """Find the columns.

    Args:
        names: All names, as they are in the table.
        columns: The columns to find. An exact name wins over a synonym.

    Returns:
        The header, with its problems.
    """
    names = tuple(map(clean, names))
    by_name: defaultdict[str, list[int]] = defaultdict(list)
    for index, name in enumerate(names):
        by_name[folded(name)].append(index)
    places: dict[str, int] = {}
    problems: list[str] = []
    remarks: list[Remark] = []
    for column in columns:
        if column.family:
            members = [(name, index) for index, name in enumerate(names) if name.startswith(column.name)]
            places |= dict(members)
            problems += [
                f"more than one column {name!r}" for name, number in Counter(n for n, _ in members).items() if number > 1
            ]
            continue
        exact = by_name.get(column.name, [])
        found = exact or [index for synonym in column.synonyms for index in by_name.get(synonym, ())]
        if len(found) > 1:
            same = listed(repr(names[index]) for index in found)
            several = (
                f"more than one column {column.name!r}"
                if exact
                else f"more than one column that may be {column.name!r}: {same}"
            )
            if column.dispensable:
                remarks.append(Remark("column_ambiguous", "warning", f"{several}; none is read", len(found)))
            else:
                problems.append(several)
        elif found:
            places[column.name] = found[0]
            if names[found[0]] != column.name:
                message = f"column {names[found[0]]!r} is read as {column.name}"
                remarks.append(Remark("column_recognised", "note", message))
        elif column.required:
            problems.append(f"no column {column.name!r} (found: {listed(filter(None, names))}){closest(column.name, names)}")
    return Header(names, places, tuple(problems), (*remarks, *_unused(names, places, columns)))


def _unused(names: Sequence[str], places: dict[str, int], columns: Sequence[Column]) -> list[Remark]:
    """Columns that are not read; a misspelt one is a warning."""
    unused = [name for index, name in enumerate(names) if name and index not in places.values()]
    if not unused:
        return []
    absent = [column.name for column in columns if column.name not in places and not column.family]
    close = {
        name: difflib.get_close_matches(folded(name), absent, n=1, cutoff=MIN_SIMILARITY) for name in unused[:MAX_COMPARED]
    }
    hints = [f"is {name!r} meant to be {similar[0]}?" for name, similar in close.items() if similar]
    if hints:
        return [Remark("columns_unused", "warning", f"columns not used: {listed(unused)}; {listed(hints, 5)}", len(unused))]
    return [Remark("columns_unused", "note", f"columns not used: {listed(unused)}", len(unused))]
