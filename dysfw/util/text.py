"""Text fragments of messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from ..errors import DysfwError


def closest(word: str, allowed: Iterable[str]) -> str:
    """Suggest the allowed word that is closest to a misspelt one.

    Args:
        word: The word.
        allowed: The allowed words.

    Returns:
        "; did you mean 'x'?", or "" if none is close.
    """
    folded = {name.casefold(): name for name in allowed}
    similar = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f"; did you mean {folded[similar[0]]!r}?" if similar else ""


def listed(names: Iterable[str], limit: int = 12) -> str:
    """Join names with commas.

    Args:
        names: The names.
        limit: Maximum number of names; the others are counted.

    Returns:
        Text such as "a, b, c", "a, b, c and 5 more" or "none".
    """
    every = list(names)
    text = ", ".join(every[:limit]) or "none"
    return f"{text} and {len(every) - limit} more" if len(every) > limit else text


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Format a number with its noun, such as "1 face" or "2 faces".

    Args:
        number: The number.
        noun: The noun in the singular.
        plural: The plural, if it does not just add an s.

    Returns:
        The text.
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def error_text(error: BaseException) -> str:
    """Format an exception in one line.

    Args:
        error: The exception.

    Returns:
        Class and first line, such as "ImportError: No module named 'x'"; of a DysfwError the first line only.
    """
    first = str(error).strip().splitlines()[:1]
    if isinstance(error, DysfwError):
        return error.message.splitlines()[0]
    return f"{type(error).__name__}: {first[0]}" if first else type(error).__name__


def format_columns(rows: Sequence[Sequence[str]]) -> str:
    """Format rows of cells as lines with aligned columns. Importing the tables of rich would take too long for a listing.

    Args:
        rows: Rows of equal length.

    Returns:
        The lines.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def quoted(text: str, limit: int = 80) -> str:
    """Quote a text from outside in one line.

    Args:
        text: The text.
        limit: Maximum number of characters; the rest is replaced by "…".

    Returns:
        The text in quotes, without control characters.
    """
    line = printable(" ".join(text.split()))
    return f"“{line if len(line) <= limit else line[: limit - 1] + '…'}”"


def printable(text: str) -> str:
    """Escape control characters, so that a file's name cannot move the cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
