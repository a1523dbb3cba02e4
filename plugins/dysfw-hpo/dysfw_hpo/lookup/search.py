"""Finds signs while a person types: each typed word must begin a word of the name or of one synonym.

All names and synonyms are sorted once, as they are written and in American spelling. The texts that begin with what was typed
then stand side by side, and so do the words that begin with a typed word, so a search reads two slices of arrays.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from dysfw.plugin import Bool, TermMatch

from ..names import TermNames, singular
from ..ontology import Ontology
from .facial import facial_signs
from .spelling import american, plain_texts, singulars

MAX_LENGTH = 200  # characters of a text; longer ones are no names
MAX_WORDS = 12
MAX_COMPARED = 3_000  # texts whose order of words is looked at; only beginnings of a few letters find more
MIN_DIGITS = 4  # from which digits alone are the beginning of an id
SIMILAR = 70  # of 100, for texts that begin nothing
LENGTHS = 0.54  # of the longer text; a text that is shorter reaches no similarity of 70: 2 * 0.54 / 1.54 = 0.70
MAX_SIMILAR = 30
ID = re.compile(r"(HP)?[:_ ]?(\d{1,7})", re.IGNORECASE)
LAST = "\U0010ffff"  # sorts after every letter
Int64Array = npt.NDArray[np.int64]


class TermSearch:
    """An index of all names and synonyms of signs.

    Args:
        ontology: The terms.
        names: Finds terms by former ids.
    """

    def __init__(self, ontology: Ontology, names: TermNames) -> None:
        self._ontology, self._names = ontology, names
        texts = sorted(_texts(ontology))
        self._plain = [plain for plain, *_ in texts]
        self._shown = [text for _, text, *_ in texts]
        self._kind = np.array([kind for *_, kind, _ in texts], np.int64)
        self._term = np.array([term for *_, term in texts], np.int64)
        self._length = np.array([len(plain) for plain in self._plain], np.int64)
        import rapidfuzz  # noqa: F401  # here, since importing it takes 20 ms that a first search would wait for

        self._not_facial = ~facial_signs(ontology)[self._term]
        self._index_words()
        self._by_length: dict[str, list[int]] = defaultdict(list)  # numbers of all texts, and of those with a first letter
        for number in np.argsort(self._length, kind="stable").tolist():
            self._by_length[""].append(number)
            self._by_length[self._plain[number][:1]].append(number)

    def search(self, text: str, limit: int) -> list[TermMatch]:
        """Find signs.

        Args:
            text: What was typed.
            limit: Maximum number of signs.

        Returns:
            The signs, best first: names that are the text, synonyms that are, names that begin with it, synonyms that do, those
            with the words in the order in which they were typed, and others; what is spelt in the same way comes before what
            is in British or American spelling; of equal ones, those with whole words, names, signs of the face and short ones
            come first. If no name has
            these words, the signs with the most similar spelling.
        """
        text = text[:MAX_LENGTH].strip()
        if limit < 1:
            return []
        match = ID.fullmatch(text)
        if match and (match[1] or len(match[2]) >= MIN_DIGITS):
            return self._by_id(match[2], limit)
        words = plain_texts([text])[0].split()[:MAX_WORDS]
        if not words:
            return []
        written = self._containing(words)
        folded = [american(word) for word in words]
        found = np.flatnonzero(written if folded == words else written | self._containing(folded))
        if not len(found):
            return self._matches(self._similar(" ".join(folded)), limit)
        return self._matches(self._ordered(found, words, folded, written[found]).tolist(), limit)

    def _index_words(self) -> None:
        """Sort the words, each with the texts that have it, and the texts without plurals."""
        having: dict[str, list[int]] = defaultdict(list)
        alike: dict[str, list[int]] = defaultdict(list)
        cut = cache(singular)  # words repeat
        for number, plain in enumerate(self._plain):
            words = plain.split()
            alike[" ".join([cut(word) for word in words])].append(number)
            for word in words:
                having[word].append(number)
        self._alike = dict(alike)
        self._words = sorted(having)
        self._text_of_word = np.array([number for word in self._words for number in having[word]], np.int64)
        self._start = np.concatenate(([0], np.cumsum([len(having[word]) for word in self._words])))

    def _by_id(self, digits: str, limit: int) -> list[TermMatch]:
        """The term with a number, which need not have all zeros, and the terms whose ids begin with it."""
        ontology = self._ontology
        ids: Sequence[str] = ()
        if len(digits) == 7 or digits[0] != "0":  # "343" may mean 0000343; "00034" is a beginning
            match = self._names.find(f"HP:{digits:0>7}", closest=0)
            ids = [match.id] if match.id else match.candidates
        if len(digits) < 7:
            start = bisect_left(ontology.ids, f"HP:{digits}")
            others = [id for id in ontology.ids[start : start + 10 * limit] if id.startswith(f"HP:{digits}")]
            ids = list(dict.fromkeys((*ids, *others)))
        return [TermMatch(id, ontology.name(id), "", ontology.definition(id)) for id in ids if ontology.is_sign(id)][:limit]

    def _containing(self, words: Sequence[str]) -> Bool:
        """Which texts have a word with each beginning, or its whole singular: bool [texts]."""
        found = np.ones(len(self._plain), bool)
        for word in set(words):
            having = np.zeros(len(self._plain), bool)
            having[self._with_words(word, word + LAST)] = True
            having[self._with_words(singular(word))] = True
            found &= having
        return found

    def _with_words(self, first: str, last: str | None = None) -> Int64Array:
        """Numbers of the texts that have words from one to another; of that word alone without another."""
        low = bisect_left(self._words, first)
        high = bisect_right(self._words, first if last is None else last)
        return self._text_of_word[self._start[low] : self._start[high]]

    def _with_whole(self, words: Sequence[str]) -> Bool:
        """Which texts have each of some words as a whole: bool [texts]."""
        found = np.ones(len(self._plain), bool)
        for word in set(words):
            having = np.zeros(len(self._plain), bool)
            having[self._with_words(word)] = True
            found &= having
        return found

    def _ordered(self, found: Int64Array, words: Sequence[str], folded: Sequence[str], as_written: Bool) -> Int64Array:
        same = np.isin(found, [*self._alike.get(singulars(words), ()), *self._alike.get(singulars(folded), ())])
        begins = same | self._beginning(found, words) | self._beginning(found, folded)
        place = np.where(begins, 0, 2)
        others = found[~begins]
        in_order = self._in_order(others, words)
        if folded != words:
            in_order |= self._in_order(others, folded)
        place[~begins] = np.where(in_order, 1, 2)
        part = ~self._with_whole(words)[found]
        not_as_written = ~as_written & ~same
        # The last key is the first by which they are sorted.
        keys = (self._length[found], self._not_facial[found], self._kind[found], part, place, not_as_written, ~same)
        return found[np.lexsort(keys)]

    def _beginning(self, found: Int64Array, words: Sequence[str]) -> Bool:
        plain = " ".join(words)
        low, high = bisect_left(self._plain, plain), bisect_left(self._plain, plain + LAST)
        return np.asarray((found >= low) & (found < high))

    def _in_order(self, found: Int64Array, words: Sequence[str]) -> Bool:
        if len(words) == 1 or len(found) > MAX_COMPARED:
            return np.zeros(len(found), bool)
        pattern = re.compile(" (?:.* )?".join(rf"{word}\w*" for word in words))  # words are letters and digits
        return np.array([pattern.search(" " + self._plain[number]) is not None for number in found.tolist()], bool)

    def _similar(self, plain: str) -> list[int]:
        """Texts with the most similar spelling, of the same first letter if there are any: most errors come later."""
        from rapidfuzz import fuzz, process

        for letter in (plain[0], ""):
            numbers = self._by_length.get(letter, [])
            low = bisect_left(numbers, LENGTHS * len(plain), key=self._length.__getitem__)
            high = bisect_right(numbers, len(plain) / LENGTHS, key=self._length.__getitem__)
            texts = [self._plain[number] for number in numbers[low:high]]
            if hits := process.extract(plain, texts, scorer=fuzz.ratio, score_cutoff=SIMILAR, limit=MAX_SIMILAR):
                return [numbers[low + place] for *_, place in hits]
        return []

    def _matches(self, numbers: Iterable[int], limit: int) -> list[TermMatch]:
        """The terms of texts, each once."""
        matches: dict[int, TermMatch] = {}
        for number in numbers:
            position = int(self._term[number])
            if position not in matches:
                id, name = self._ontology.ids[position], self._ontology.names[position]
                synonym = self._shown[number] if self._kind[number] else ""
                matches[position] = TermMatch(id, name, synonym, self._ontology.definition(id))
                if len(matches) == limit:
                    break
        return list(matches.values())


def _texts(ontology: Ontology) -> Iterator[tuple[str, str, int, int]]:
    """Each name (kind 0), exact synonym (1) and other synonym (2) of signs: in plain letters, as it is, its kind, its term.

    A text with another American spelling comes twice: "ha" is a beginning of "haemangioma", and none of "hemangioma".
    """
    own: list[tuple[str, int, int]] = []
    for position, id in enumerate(ontology.ids):
        if ontology.signs[position]:
            own.append((ontology.names[position], 0, position))
            own += [(text, 1, position) for text in ontology.synonyms(id)]
            own += [(text, 2, position) for text in ontology.synonyms(id, exact=False)]
    plain = plain_texts([text for text, *_ in own])
    folded = american("\n".join(plain)).split("\n")
    for (text, kind, position), one, other in zip(own, plain, folded, strict=True):
        yield one, text, kind, position
        if other != one:
            yield other, text, kind, position
