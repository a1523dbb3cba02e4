"""Signs as people write them: identifiers and names, one by one or several in a cell of a table."""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from collections.abc import Iterable

MAX_TERMS = 2_000  # of one patient; published cases have at most 47 observed and 174 excluded ones
MAX_LENGTH = 200  # characters of a term; the longest name of the ontology has 139
CURIE = r"(?:https?://[^\s;|,]{1,60}/)?HP[:_]([0-9]{7})"
ID = re.compile(CURIE, re.IGNORECASE)
ONLY_IDS = re.compile(rf"(?:{CURIE}[\s,]*)+", re.IGNORECASE)
USUAL = re.compile(r"HP:[0-9]{7}(?:;HP:[0-9]{7})*")  # needs no other search; tables have a hundred thousand such cells
# An identifier beside its name: "HP:0000343 Long philtrum", "HP:0000343 (Long philtrum)" or "Long philtrum (HP:0000343)".
ID_FIRST = re.compile(rf"{CURIE}[\s!:–-]*[\s(\[!:–-]\D.*", re.IGNORECASE)
ID_LAST = re.compile(rf"(.+?)\s*[(\[]\s*{CURIE}\s*[)\]]", re.IGNORECASE)
NEGATED = re.compile(r"(?:no|not|without|denies|kein|keine|ohne)\b", re.IGNORECASE)
STATUS = frozenset({"", "absent", "excluded", "negative", "neg", "negated", "false", "normal", "unclear", "unknown"})  # no name
SEPARATORS = re.compile(r"[;|\n\r\t]+")


def normal_term(text: str) -> str:
    """Bring one term into its usual form.

    Args:
        text: An identifier, a name, or both.

    Returns:
        "HP:0000343" if it holds an identifier, otherwise the name as it is written, with single spaces. A name that begins with
        "no" or the like stays whole, so that "no long philtrum (HP:0000343)" never counts as a long philtrum; so does an
        identifier beside "absent" or a question mark.

    Raises:
        ValueError: It is too long for a sign.
    """
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    if len(plain) > MAX_LENGTH:
        raise ValueError(f"a text of {len(plain):,} characters; a sign has at most {MAX_LENGTH}")
    if found := ID.fullmatch(plain) or ID_FIRST.fullmatch(plain):
        rest = plain[found.end(1) :]
        words = re.sub(r"\W+", " ", rest).strip().casefold()
        unclear = ID.search(rest) or (rest and words in STATUS) or NEGATED.match(words)
        return plain if unclear else f"HP:{found[1]}"
    found = ID_LAST.fullmatch(plain)
    if found and not NEGATED.match(plain) and not ID.search(found[1]):
        return f"HP:{found[2]}"
    return plain


def split_terms(text: str) -> tuple[str, ...]:
    """Read the signs of a cell.

    Semicolons, vertical bars and line breaks separate. Commas do so only between parts that hold an identifier each, because
    names contain commas, such as "Intellectual disability, mild". A JSON list is read as such.

    Args:
        text: Text of the cell.

    Returns:
        The terms, each once, in order; see ``normal_term``.

    Raises:
        ValueError: A list is not closed, a term is too long, or there are too many.
    """
    if USUAL.fullmatch(text):
        return _limited(tuple(dict.fromkeys(text.split(";"))))
    if text.lstrip().startswith("["):
        return unique_terms(_list(text))
    parts: list[str] = []
    for part in SEPARATORS.split(text):
        pieces = part.split(",")
        if ONLY_IDS.fullmatch(part.strip()):
            parts += (found[0] for found in ID.finditer(part))
        elif len(pieces) > 1 and all(len(ID.findall(piece)) == 1 for piece in pieces):
            parts += pieces
        else:
            parts.append(part)
    return unique_terms(parts)


def unique_terms(terms: Iterable[str]) -> tuple[str, ...]:
    """Normalise terms and leave out repeated and empty ones.

    Args:
        terms: The terms.

    Returns:
        Each term once, in order.

    Raises:
        ValueError: A term is too long, or there are too many.
    """
    return _limited(tuple(dict.fromkeys(filter(None, map(normal_term, terms)))))


def _limited(terms: tuple[str, ...]) -> tuple[str, ...]:
    if len(terms) > MAX_TERMS:
        raise ValueError(f"{len(terms):,} signs; a record has at most {MAX_TERMS:,}")
    return terms


def _list(text: str) -> list[str]:
    """A list as JSON writes it, or as Python does, which is what pandas leaves in a CSV file."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        try:
            value = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            value = None
    if not isinstance(value, list) or not all(one is None or isinstance(one, str) for one in value):
        raise ValueError('not a list of signs; allowed: HP:0000343;HP:0000286 or ["HP:0000343", "HP:0000286"]')
    return [one for one in value if one is not None]
