"""Finds signs while a person types: each typed word must begin a word of the name or of one synonym.

All names and synonyms are sorted once. The texts that begin with what was typed then stand side by side, and so do the words
that begin with a typed word, so a search reads two slices of arrays.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from dysfw.plugin import TermMatch

from ..names import TermNames
from ..ontology import Ontology
from .facial import facial_signs

MAX_LENGTH = 200  # characters of a text; longer ones are no names
MAX_WORDS = 12
MIN_DIGITS = 4  # from which digits are the beginning of an id
SIMILAR = 70  # of 100, for texts that begin nothing
ID = re.compile(r"(?:HP)?[:_ ]?(\d{4,7})", re.IGNORECASE)
LAST = "\U0010ffff"  # sorts after every letter
SPELLINGS = (("ae", "e"), ("oe", "e"), ("isation", "ization"), ("our", "or"), ("ph", "f"))
Int64Array = npt.NDArray[np.int64]


class TermSearch:
    """An index of all names and synonyms of signs.

    Args:
        ontology: The terms.
        names: Finds terms by former ids.
    """

    def __init__(self, ontology: Ontology, names: TermNames) -> None:
        self._ontology, self._names = ontology, names
        facial = facial_signs(ontology)
        texts = sorted(_texts(ontology))
        self._plain = [plain for plain, *_ in texts]
        self._shown = [text for _, text, *_ in texts]
        self._kind = np.array([kind for *_, kind, _ in texts], np.int64)
        self._term = np.array([term for *_, term in texts], np.int64)
        self._length = np.array([len(plain) for plain in self._plain], np.int64)
        self._not_facial = ~facial[self._term]
        pairs = sorted({(word, number) for number, plain in enumerate(self._plain) for word in plain.split()})
        self._words = [word for word, _ in pairs]
        self._text_of_word = np.array([number for _, number in pairs], np.int64)

    def search(self, text: str, limit: int) -> list[TermMatch]:
        """Find signs.

        Args:
            text: What was typed.
            limit: Maximum number of signs.

        Returns:
            The signs, best first: names that are the text, synonyms that are, names that begin with it, synonyms that do, and
            those with words that do; of equal ones, signs of the face and short names first. If no name has these words, the
            signs with the most similar spelling.
        """
        text = text[:MAX_LENGTH].strip()
        if match := ID.fullmatch(text):
            return self._by_id(match[1], limit)
        plain = _plain(text)
        words = plain.split()[:MAX_WORDS]
        if not words or limit < 1:
            return []
        found = self._containing(words)
        return self._matches(self._ordered(found, plain) if len(found) else self._similar(plain), limit)

    def _by_id(self, digits: str, limit: int) -> list[TermMatch]:
        ontology = self._ontology
        if len(digits) == 7:
            match = self._names.find(f"HP:{digits}", closest=0)
            ids: Sequence[str] = [match.id] if match.id else match.candidates
        else:
            start = bisect_left(ontology.ids, f"HP:{digits}")
            ids = [id for id in ontology.ids[start : start + 10 * limit] if id.startswith(f"HP:{digits}")]
        return [TermMatch(id, ontology.name(id), "", ontology.definition(id)) for id in ids if ontology.is_sign(id)][:limit]

    def _containing(self, words: Sequence[str]) -> Int64Array:
        """Numbers of the texts that have a word with each beginning."""
        found: Int64Array | None = None
        for word in words:
            low, high = bisect_left(self._words, word), bisect_left(self._words, word + LAST)
            having = np.unique(self._text_of_word[low:high])
            found = having if found is None else np.intersect1d(found, having, assume_unique=True)
        return np.empty(0, np.int64) if found is None else found

    def _ordered(self, found: Int64Array, plain: str) -> Int64Array:
        low, high = bisect_left(self._plain, plain), bisect_left(self._plain, plain + LAST)
        begins = (found >= low) & (found < high)
        same = begins & (self._length[found] == len(plain))
        place = np.where(same, 0, np.where(begins, 1, 2))
        keys = (self._length[found], self._not_facial[found], self._kind[found], place)  # the last is the first
        return found[np.lexsort(keys)]

    def _similar(self, plain: str) -> Int64Array:
        """Texts with the most similar spelling, of the same first letter if there are any: most typing errors come later."""
        from rapidfuzz import fuzz, process

        low, high = bisect_left(self._plain, plain[0]), bisect_left(self._plain, plain[0] + LAST)
        hits = process.extract(plain, self._plain[low:high], scorer=fuzz.ratio, score_cutoff=SIMILAR, limit=30)
        if hits:
            return np.array([low + number for *_, number in hits], np.int64)
        hits = process.extract(plain, self._plain, scorer=fuzz.ratio, score_cutoff=SIMILAR, limit=30)
        return np.array([number for *_, number in hits], np.int64)

    def _matches(self, numbers: Int64Array, limit: int) -> list[TermMatch]:
        """The terms of texts, each once."""
        matches: dict[int, TermMatch] = {}
        for number in numbers.tolist():
            position = int(self._term[number])
            if position not in matches:
                id, name = self._ontology.ids[position], self._ontology.names[position]
                synonym = self._shown[number] if self._kind[number] else ""
                matches[position] = TermMatch(id, name, synonym, self._ontology.definition(id))
                if len(matches) == limit:
                    break
        return list(matches.values())


def _texts(ontology: Ontology) -> Iterator[tuple[str, str, int, int]]:
    """Each name (kind 0), exact synonym (1) and other synonym (2) of signs: in plain letters, as it is, its kind, its term."""
    for position, id in enumerate(ontology.ids):
        if ontology.signs[position]:
            yield _plain(ontology.names[position]), ontology.names[position], 0, position
            for kind, exact in ((1, True), (2, False)):
                yield from ((_plain(text), text, kind, position) for text in ontology.synonyms(id, exact=exact))


def _plain(text: str) -> str:
    """Write alike what people write in several ways: case, accents, hyphens, plurals, and British and American spelling."""
    if not text.isascii():
        text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    words = re.findall(r"[^\W_]+", text.casefold().replace("'", ""))
    return " ".join(_plain_word(word) for word in words)


def _plain_word(word: str) -> str:
    for british, american in SPELLINGS:
        word = word.replace(british, american)
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
