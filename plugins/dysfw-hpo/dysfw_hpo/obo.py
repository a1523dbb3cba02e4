"""Reads the terms of hp.obo (OBO format 1.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SYNONYM = re.compile(r'"((?:[^"\\]|\\.)*)" (EXACT|BROAD|NARROW|RELATED)( obsolete_synonym)?')
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
LISTS = {"alt_id": "alternatives", "replaced_by": "successors", "consider": "considered"}
ESCAPE = re.compile(r"\\(.)")


@dataclass(slots=True)
class Term:
    """A term as it stands in the file.

    Attributes:
        id: Such as "HP:0000343".
        name: Its name; of an obsolete term, without the word "obsolete".
        parents: Ids of the terms that it is a kind of.
        definition: What it means, in a sentence or two; "" if the file does not say.
        exact: Synonyms of the same meaning.
        inexact: Synonyms that are broader, narrower or related.
        alternatives: Ids of terms that were merged into it.
        obsolete: Whether it must no longer be used.
        successors: Of an obsolete term: the term that replaces it.
        considered: Of an obsolete term: terms that may replace it.
    """

    id: str = ""
    name: str = ""
    definition: str = ""
    parents: list[str] = field(default_factory=list)
    exact: list[str] = field(default_factory=list)
    inexact: list[str] = field(default_factory=list)
    alternatives: list[str] = field(default_factory=list)
    obsolete: bool = False
    successors: list[str] = field(default_factory=list)
    considered: list[str] = field(default_factory=list)


def read_terms(path: Path) -> list[Term]:
    """Read all terms.

    Args:
        path: hp.obo.

    Returns:
        The terms, obsolete ones included, in the order of the file.

    Raises:
        OSError: The file cannot be read.
        ValueError: It contains no terms.
    """
    terms = [term for term in _stanzas(path) if term.id.startswith("HP:")]
    if not terms:
        raise ValueError(f"{path} contains no terms of HPO")
    return terms


def _stanzas(path: Path) -> Iterator[Term]:
    term: Term | None = None
    for line in path.read_text("utf-8").split("\n"):
        if line.startswith("["):
            if term:
                yield term
            term = Term() if line == "[Term]" else None
            continue
        if term is None:
            continue
        _read_line(term, line)
    if term:
        yield term


def _read_line(term: Term, line: str) -> None:
    key, _, value = line.partition(": ")
    match key:
        case "synonym":
            _add_synonym(term, value)
        case "is_a":
            term.parents.append(value.split(" ", 1)[0])  # "HP:0000001 ! All", or with qualifiers in braces
        case "id":
            term.id = value
        case "name":
            term.name = value.removeprefix("obsolete ")
        case "def":
            quoted = QUOTED.match(value)
            term.definition = ESCAPE.sub(r"\1", quoted[1]) if quoted else ""
        case "is_obsolete":
            term.obsolete = value.startswith("true")
        case "alt_id" | "replaced_by" | "consider":
            getattr(term, LISTS[key]).append(value.split(" ", 1)[0])


def _add_synonym(term: Term, value: str) -> None:
    if match := SYNONYM.match(value):
        text, scope, discarded = match.groups()
        name = ESCAPE.sub(r"\1", text)
        (term.exact if scope == "EXACT" and not discarded else term.inexact).append(name)
