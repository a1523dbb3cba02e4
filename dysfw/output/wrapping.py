"""Where lines of text are broken: at spaces, and inside a word only if it is wider than a line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

WORDS = re.compile(r"\n|[^\S\n]+|\S+")
INSIDE_WORDS = (re.compile(r"/*[^/]+/*|/+"), re.compile(r"[-_]*[^_-]+[-_]*|[-_]+"))  # the better places first
PATH = re.compile(r"[/\\]")
BEGIN = re.compile(r" *(?:[-#] )?")  # what a line of a list or a comment begins with
HANGING = "  "
LEAST = 20  # columns of text that an indent leaves


def wrapped(text: Text, width: int, *, first: int | None = None, whole_paths: bool = False) -> list[Text]:
    """Break a text into lines: at spaces; a word that is too wide after a slash, else a hyphen or underscore, else anywhere.

    Args:
        text: The text.
        width: Columns of a line.
        first: Columns of the first line, if it has more.
        whole_paths: Whether a path that is too wide stays whole, for the terminal to break, so that it can be copied.

    Returns:
        The lines with their styles, without the spaces at their ends.
    """
    width = max(1, width)
    starts = list(_starts(_pieces(text.plain, width, whole_paths=whole_paths), width, first or width))
    lines = list(text.divide(starts)) if starts else [text]
    for line in lines:
        line.rstrip()
    return lines


def hanging(text: Text, width: int) -> list[Text]:
    """Break a paragraph into lines of which all but the first are indented. Comments stay comments, and paths whole.

    Args:
        text: One paragraph; it may begin with spaces, and with "- " or "# ".
        width: Columns of the terminal.

    Returns:
        The lines with their styles.
    """
    if cell_len(text.plain) <= width:
        return [text]
    begin = text.plain[: BEGIN.match(text.plain).end()]  # type: ignore[union-attr]  # it matches every text
    indent = begin + HANGING if "#" in begin else " " * len(begin) or HANGING
    if width - len(indent) < LEAST:
        return wrapped(text, width, whole_paths=True)
    before, body = text.divide([len(begin)])
    lines = wrapped(body, width - len(indent), first=width - len(begin), whole_paths=True)
    return [before.append_text(lines[0]), *(Text(indent).append_text(line) for line in lines[1:])]


def _starts(pieces: Iterator[str], width: int, first: int) -> Iterator[int]:
    """Where lines begin, so that each has at most ``width`` columns, and the first ``first``."""
    position, used, is_empty = 0, width - first, True
    for piece in pieces:
        if piece == "\n" or not (is_empty or piece.isspace() or used + cell_len(piece) <= width):
            yield position + (piece == "\n")
            used, is_empty = 0, True
        if piece != "\n":
            used, is_empty = used + cell_len(piece), False
        position += len(piece)


def _pieces(plain: str, width: int, *, whole_paths: bool) -> Iterator[str]:
    """Pieces of a text between which a line may be broken."""
    for word in WORDS.findall(plain):
        if word.isspace() or cell_len(word) <= width or (whole_paths and PATH.search(word)):
            yield word
        else:
            yield from _inside(word, width)


def _inside(word: str, width: int, level: int = 0) -> Iterator[str]:
    """Pieces of a word, none of them wider than ``width``."""
    if cell_len(word) <= width:
        yield word
    elif level < len(INSIDE_WORDS):
        for part in INSIDE_WORDS[level].findall(word):
            yield from _inside(part, width, level + 1)
    else:
        piece = ""
        for character in word:
            if piece and cell_len(piece + character) > width:
                yield piece
                piece = ""
            piece += character
        yield piece
