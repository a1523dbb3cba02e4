"""Finds the term that a text means: an id, a name or a synonym, and the closest terms if it is none of them."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from .ontology import Ontology

ID = re.compile(r"HP[:_ ]?(\d{7})", re.IGNORECASE)
SIMILAR = 70  # of 100; less similar names are no help
MAX_LENGTH = 200  # characters; longer texts are not names, and comparing them takes long

How = Literal["id", "former id", "obsolete", "name", "exact synonym", "inexact synonym", "ambiguous", "unknown"]


@dataclass(frozen=True, slots=True)
class Match:
    """What a text means.

    Attributes:
        how: How it was found. Of "former id" the term was merged into another or replaced; "obsolete" has no single successor.
        id: Current id of the term; None if there is none.
        candidates: If there is none: ids of the terms that may be meant, the closest first.
    """

    how: How
    id: str | None = None
    candidates: tuple[str, ...] = ()


class TermNames:
    """The names of an ontology's terms.

    Upper and lower case are the same, and so are all kinds of space, hyphen and quote. If no name is found so, accents, full
    stops at the end, and singular and plural do not count either.
    """

    def __init__(self, ontology: Ontology) -> None:
        self._ontology = ontology

    def load(self) -> None:
        """Prepare the names, for which the first search would otherwise wait."""
        _ = self._by_name

    def find(self, text: str, closest: int = 3) -> Match:
        """Find the term that a text means.

        Names come before synonyms, and synonyms of the same meaning before others.

        Args:
            text: An id, name or synonym.
            closest: Maximum number of terms to suggest if it is unknown. The search takes 10 ms or more; 0 leaves it out.

        Returns:
            The term, or what may be meant.
        """
        if match := ID.fullmatch(text.strip()):
            return self._find_id(f"HP:{match[1]}")
        key = _folded(text)
        found = self._by_name.get(key)
        if found:
            how, ids = found
            return Match(how, ids[0]) if len(ids) == 1 else Match("ambiguous", candidates=tuple(ids))
        if loose := self._by_loose_name.get(_loose(key)):
            names = [self._by_name[name] for name in loose]
            exact = [name for name in names if name[0] != "inexact synonym"] or names
            ids = list(dict.fromkeys(id for _, own in exact for id in own))
            return Match(exact[0][0], ids[0]) if len(ids) == 1 else Match("ambiguous", candidates=tuple(ids))
        return Match("unknown", candidates=self.closest(text, closest))

    def closest(self, text: str, count: int = 3) -> tuple[str, ...]:
        """Suggest terms with names or synonyms close to a text.

        Args:
            text: The text.
            count: Maximum number of terms.

        Returns:
            Ids, the closest first; empty if none is close.
        """
        from rapidfuzz import fuzz, process

        key = _folded(text)[:MAX_LENGTH]
        if not key or not count:
            return ()
        keys = list(self._by_name)
        hits = process.extract(key, keys, scorer=fuzz.ratio, score_cutoff=SIMILAR, limit=4 * count)
        if not hits:  # perhaps its words are in another order
            hits = process.extract(key, keys, scorer=fuzz.token_sort_ratio, score_cutoff=SIMILAR, limit=4 * count)
        ids = [id for name, _, _ in hits for id in self._by_name[name][1]]
        return tuple(dict.fromkeys(ids))[:count]

    def _find_id(self, id: str) -> Match:
        if id in self._ontology:
            return Match("id", id)
        if current := self._ontology.current(id):
            return Match("former id", current)
        if obsolete := self._ontology.obsolete.get(id):
            return Match("obsolete", candidates=tuple(obsolete["candidates"]))
        return Match("unknown")

    @cached_property
    def _by_loose_name(self) -> dict[str, list[str]]:
        """Keys of ``_by_name``, by what is left of them without accents and plurals."""
        names: dict[str, list[str]] = defaultdict(list)
        for name in self._by_name:
            names[_loose(name)].append(name)
        return dict(names)

    @cached_property
    def _by_name(self) -> dict[str, tuple[How, list[str]]]:
        ontology = self._ontology
        names: dict[str, tuple[How, list[str]]] = {}
        groups: tuple[tuple[How, list[list[str]]], ...] = (
            ("name", [[name] for name in ontology.names]),
            ("exact synonym", [ontology.synonyms(id) for id in ontology.ids]),
            ("inexact synonym", [ontology.synonyms(id, exact=False) for id in ontology.ids]),
        )
        for how, texts in groups:
            for id, own in zip(ontology.ids, texts, strict=True):
                for text in own:
                    known = names.setdefault(_folded(text), (how, []))
                    if known[0] == how and id not in known[1]:
                        known[1].append(id)
        return names


def _folded(text: str) -> str:
    """Make texts alike that people take for the same."""
    for other, plain in (("-", " "), ("‐", " "), ("‑", " "), ("–", " "), ("’", "'"), ("_", " ")):
        text = text.replace(other, plain)
    return " ".join(text.split()).casefold()


def _loose(folded: str) -> str:
    """Leave out what people write in several ways: accents, punctuation at the end, and endings of the plural."""
    text = folded.rstrip(" .,;:")
    if not text.isascii():
        text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return " ".join(singular(word) for word in text.split())


def singular(word: str) -> str:
    """Cut the ending of an English plural. A word that only looks like a plural is cut wherever it stands: it still fits.

    Args:
        word: A word in lower case.
    """
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("shes", "ches", "xes", "sses")) else word[:-1]
