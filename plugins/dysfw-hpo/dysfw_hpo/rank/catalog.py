"""The diseases that are ranked: an OMIM and an Orphanet entry of the same disease are one.

Entries of DECIPHER, of which a release has a few dozen, are left out: they are chromosomal syndromes that OMIM and Orphanet
have under other names, with fewer signs and no gene, and would be in the ranking twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dysfw.plugin import Bool, ConditionIds, DysfwError, listed, quoted

from ..data import HpoData
from ..diseases import Gene
from ..ontology import Int32
from ..profiles import Profiles
from .genes import named

LEFT_OUT = "DECIPHER:"
HINT = "give the id of an annotated disease, such as OMIM:122470 or ORPHA:199, or its name as the ranking shows it"


@dataclass(frozen=True, slots=True)
class CatalogDisease:
    """A disease as results show it.

    Attributes:
        id: Its id; that of OMIM if it has one.
        name: Its name there.
        other_ids: Ids of the same disease in the other database; empty if it is not known to have any.
        genes: Its genes; those of ``id`` first.
    """

    id: str
    name: str
    other_ids: tuple[str, ...]
    genes: tuple[Gene, ...]

    @property
    def ids(self) -> str:
        """All its ids in one text."""
        return ", ".join((self.id, *self.other_ids))


class Catalog:
    """The C diseases of a release, without double entries.

    Attributes:
        data: The release.
        profiles: The signs of its diseases.
        first: int32 [C], the position of each disease in ``data.diseases``; that of OMIM if it has two entries.
        second: int32 [C], the position of its other entry; -1 if there is none.
        number_of: The number of the disease of each id.
    """

    def __init__(self, data: HpoData, profiles: Profiles) -> None:
        """List the diseases.

        Args:
            data: The release.
            profiles: The signs of its diseases, with the counterparts of entries.
        """
        self.data, self.profiles = data, profiles
        ids = data.diseases.ids
        counterpart = profiles.counterpart
        own = np.arange(len(ids))
        omim = np.array([id.startswith("OMIM:") for id in ids])
        ranked = np.array([not id.startswith(LEFT_OUT) for id in ids])
        # In the order of ids, in which OMIM comes before Orphanet; it decides between equal diseases.
        self.first: Int32 = own[((counterpart < 0) | omim) & ranked].astype(np.int32)
        self.second: Int32 = counterpart[self.first].astype(np.int32)
        self.number_of = {ids[position]: number for number, position in enumerate(self.first.tolist())}
        self.number_of |= {ids[position]: n for n, position in enumerate(self.second.tolist()) if position >= 0}

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, number: int) -> CatalogDisease:
        diseases = self.data.diseases
        id, *others = self._ids(number)
        genes = dict.fromkeys(named(gene) for one in (id, *others) for gene in diseases.genes(one))
        return CatalogDisease(id, diseases.names[self.first[number]], tuple(others), tuple(genes))

    def name(self, number: int) -> str:
        """Return the name of a disease."""
        return self.data.diseases.names[int(self.first[number])]

    def find(self, text: str) -> int:
        """Find the disease that a text means.

        Args:
            text: An id, or a name.

        Returns:
            Its number.

        Raises:
            DysfwError: There is none, or there are several, with the closest ones.
        """
        plain = " ".join(text.split()).casefold()
        if plain.upper().startswith(LEFT_OUT):
            raise DysfwError(f"{quoted(text, 60)}: diseases of OMIM and Orphanet are ranked, and none of DECIPHER", hint=HINT)
        by_id = self.number_of.get(plain.upper())
        if by_id is not None:
            return by_id
        numbers = self._by_name.get(plain, ())
        if len(numbers) == 1:
            return numbers[0]
        if numbers:
            ids = listed(self[number].id for number in numbers)
            raise DysfwError(f"several diseases are called {quoted(text, 60)}: {ids}", hint="give one of these ids")
        raise DysfwError(
            f"no annotated disease is called {quoted(text, 60)} in HPO {self.data.release.version}{self._closest(plain)}",
            hint=HINT,
        )

    def having(self, ids: Iterable[str]) -> set[int]:
        """Return the numbers of the diseases with any of some ids; unknown ids are left out."""
        return {self.number_of[id] for id in ids if id in self.number_of}

    @cached_property
    def annotated(self) -> Bool:
        """Which diseases have annotated signs, bool [C]."""
        return np.asarray(self.profiles.known[self.first])

    @cached_property
    def conditions(self) -> tuple[ConditionIds, ...]:
        """The diseases as evidence takes them."""
        return tuple(ConditionIds(ids[0], tuple(ids)) for ids in map(self._ids, range(len(self))))

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        numbers: dict[str, list[int]] = {}
        names = self.data.diseases.names
        for positions in (self.first, self.second):
            for number in np.flatnonzero(positions >= 0).tolist():
                known = numbers.setdefault(" ".join(names[positions[number]].split()).casefold(), [])
                if number not in known:
                    known.append(number)
        return numbers

    def _ids(self, number: int) -> list[str]:
        ids = self.data.diseases.ids
        second = int(self.second[number])
        return [ids[self.first[number]], *([ids[second]] if second >= 0 else [])]

    def _closest(self, plain: str) -> str:
        if ":" in plain:  # a similar number is another disease's
            return ""
        from rapidfuzz import fuzz, process

        hits = process.extract(plain, list(self._by_name), scorer=fuzz.token_sort_ratio, score_cutoff=60, limit=3)
        found = [self[self._by_name[name][0]] for name, _, _ in hits]
        return f"; the closest: {listed(f'{one.name} ({one.id})' for one in found)}" if found else ""
