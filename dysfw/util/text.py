"""Text fragments of messages."""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Iterable
from pathlib import Path

from ..errors import DysfwError

# For terminals that cannot show these characters.
ASCII_FORMS = {
    "–": "-", "—": "-", "−": "-", "‑": "-", "×": "x", "±": "+/-", "…": "...", "°": " deg", "█": "#", "·": "*", "•": "*",
    "“": '"', "”": '"', "‘": "'", "’": "'", "→": "->", "≥": ">=", "≤": "<=", "≈": "~", "\u00a0": " ", "\u202f": " ", "µ": "u",
}  # fmt: skip


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
    return f"{text} and {len(every) - limit:,} more" if len(every) > limit else text


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


def error_place(error: BaseException) -> str:
    """Say what was raised and where, without the message, which may quote what a user entered.

    Args:
        error: The exception.

    Returns:
        Such as "KeyError at names.py:57".
    """
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else type(error).__name__


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


def encodable(text: str, encoding: str) -> str:
    r"""Replace what an encoding lacks: symbols by ASCII, other characters by escapes, so that names stay distinct.

    Args:
        text: The text.
        encoding: Name of the encoding, such as that of a terminal.

    Returns:
        A text that can be encoded, such as "0.2-0.4" for "0.2–0.4" and "\xfc.png" for "ü.png".
    """
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(_encodable_character(character, encoding) for character in text)
    return text


def _encodable_character(character: str, encoding: str) -> str:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return ASCII_FORMS.get(character) or character.encode("ascii", "backslashreplace").decode("ascii")
    return character


def replace_unencodable(error: UnicodeError) -> tuple[str, int]:
    """Handle an error of encoding as ``encodable`` does; see ``codecs.register_error``.

    Args:
        error: The error.

    Returns:
        The replacement, and where to continue.

    Raises:
        UnicodeError: It is an error of decoding.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return encodable(error.object[error.start : error.end], "ascii"), error.end
