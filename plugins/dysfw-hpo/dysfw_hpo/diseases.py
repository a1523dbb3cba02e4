"""The diseases of the annotations: their signs with frequencies, genes and inheritance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .compiled import Tables
from .ontology import Ontology

SEX_NAMES = (None, "female", "male")


@dataclass(frozen=True, slots=True)
class Gene:
    """A gene of a disease.

    Attributes:
        symbol: Such as "KMT2D".
        ncbi: Its id at NCBI, such as 8085.
    """

    symbol: str
    ncbi: int


@dataclass(frozen=True, slots=True)
class Annotation:
    """A statement on how frequent a sign is in a disease. A disease can have several for one sign, from several references.

    Attributes:
        term: Current id of the sign.
        negated: Whether it is stated that the disease does not show it.
        affected: Number of patients with it; None if they were not counted.
        counted: Number of patients in whom it was looked for; None if they were not counted.
        frequency: Share of patients, 0 to 1; None if it is not stated.
        sex: The one sex in which it is seen; None for both.
        references: Such as ("PMID:20711175",).
    """

    term: str
    negated: bool
    affected: int | None
    counted: int | None
    frequency: float | None
    sex: str | None
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Disease:
    """A disease.

    Attributes:
        id: Such as "OMIM:147920" or "ORPHA:2322".
        name: Its name.
        genes: Its genes, if they are known.
        inheritance: Names of its modes of inheritance, such as ("Autosomal dominant inheritance",).
    """

    id: str
    name: str
    genes: tuple[Gene, ...]
    inheritance: tuple[str, ...]


class Diseases:
    """The D annotated diseases of a release: of OMIM, Orphanet (ORPHA) and DECIPHER.

    Attributes:
        ids: Their ids, in their order.
        names: Their names.
        position: The position of each id.
        arrays: The annotations as columns, sorted by disease and term; see ``tables``.
        references_of_rows: What the column ``row_reference`` numbers: references with ";" between.
    """

    def __init__(self, tables: Tables, ontology: Ontology) -> None:
        """Read compiled tables.

        Args:
            tables: What ``compile_release`` returned.
            ontology: The terms of the same release.
        """
        self.arrays, values = tables
        self.ids: list[str] = values["diseases"]
        self.names: list[str] = values["disease_names"]
        self.position = {id: number for number, id in enumerate(self.ids)}
        self._genes: Mapping[str, list[tuple[str, int]]] = values["genes"]
        self.references_of_rows: list[str] = values["references"]
        self._ontology = ontology
        self._start = np.searchsorted(self.arrays["row_disease"], np.arange(len(self.ids) + 1))

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, id: str) -> bool:
        return id in self.position

    def __getitem__(self, id: str) -> Disease:
        number = self.position[id]
        modes = dict.fromkeys(self._ontology.names[term] for term in self._terms(number, "I"))
        return Disease(id, self.names[number], self.genes(id), tuple(modes))

    def genes(self, id: str) -> tuple[Gene, ...]:
        """Return the genes of a disease, by their symbols; empty if none is known.

        Args:
            id: Its id; an unknown one has none.
        """
        return tuple(Gene(symbol, ncbi) for symbol, ncbi in sorted(self._genes.get(id, ())))

    def annotations(self, id: str) -> list[Annotation]:
        """Return the signs of a disease as they are annotated.

        Args:
            id: Its id.

        Returns:
            One item a line of the annotations, by term.

        Raises:
            KeyError: It is not annotated.
        """
        return [self._annotation(row) for row in self._rows(self.position[id], "P")]

    def references(self, id: str) -> set[str]:
        """Return the references of a disease's signs, such as "PMID:20711175".

        Args:
            id: Its id.

        Raises:
            KeyError: It is not annotated.
        """
        rows = self._rows(self.position[id], "P")
        texts = {self.references_of_rows[number] for number in np.unique(self.arrays["row_reference"][rows])}
        return {reference for text in texts for reference in text.split(";")}

    def _rows(self, number: int, aspect: str) -> list[int]:
        start, stop = self._start[number : number + 2]
        return [int(start + row) for row in np.flatnonzero(self.arrays["row_aspect"][start:stop] == ord(aspect))]

    def _terms(self, number: int, aspect: str) -> list[int]:
        return [int(term) for term in self.arrays["row_term"][self._rows(number, aspect)]]

    def _annotation(self, row: int) -> Annotation:
        column = {name.removeprefix("row_"): values[row] for name, values in self.arrays.items() if name.startswith("row_")}
        counted, share = int(column["counted"]), float(column["frequency"])
        affected = int(column["affected"])
        return Annotation(
            term=self._ontology.ids[column["term"]],
            negated=bool(column["negated"]),
            affected=affected if counted > 0 else None,
            counted=counted if counted > 0 else None,
            frequency=affected / counted if counted > 0 else (None if np.isnan(share) else share),
            sex=SEX_NAMES[column["sex"]],
            references=tuple(self.references_of_rows[column["reference"]].split(";")),
        )
