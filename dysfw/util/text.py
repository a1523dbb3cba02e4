"""Small phrases that every error message needs."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from ..errors import DysfwError


def closest(word: str, allowed: Iterable[str]) -> str:
    """ "; did you mean 'x'?" or nothing."""
    folded = {name.casefold(): name for name in allowed}
    match = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f"; did you mean {folded[match[0]]!r}?" if match else ""


def listed(names: Iterable[str], limit: int = 12) -> str:
    """ "a, b, c" or "none"; beyond ``limit`` names the rest is counted."""
    every = list(names)
    shown = ", ".join(every[:limit]) or "none"
    return f"{shown} and {len(every) - limit} more" if len(every) > limit else shown


def count(number: int, noun: str, plural: str | None = None) -> str:
    """ "1 face", "2 faces"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def error_text(error: BaseException) -> str:
    """An exception in one line: "ImportError: No module named 'x'"; one of our own, which is a sentence, without its class."""
    first = str(error).strip().splitlines()[:1]
    if isinstance(error, DysfwError):
        return error.message.splitlines()[0]
    return f"{type(error).__name__}: {first[0]}" if first else type(error).__name__


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as lines of columns. For plain listings: rich's tables take longer to import than a listing to make."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def shown(text: str, limit: int = 80) -> str:
    """Somebody else's text in quotes and in one line, cut short."""
    line = printable(" ".join(text.split()))
    return f"“{line if len(line) <= limit else line[: limit - 1] + '…'}”"


def printable(text: str) -> str:
    """The text with control characters spelt out: a file's name must not move the cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
