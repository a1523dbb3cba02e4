"""The terms of the Human Phenotype Ontology and how they are related."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from .compiled import Sparse, Tables

Int32 = npt.NDArray[np.int32]

ALL = "HP:0000001"
PHENOTYPIC_ABNORMALITY = "HP:0000118"  # the branch of signs; other branches are inheritance, onset, frequency …


class Ontology:
    """The T current terms of a release. A term is named by its id, "HP:0000343"; arrays use its position.

    Attributes:
        ids: The current ids, in their order.
        names: The name of each.
        position: The position of each id.
        renamed: Current ids of former ones: of terms that were merged, and of obsolete ones with a single successor.
        obsolete: Former names of obsolete terms, and current ids that may replace them.
    """

    def __init__(self, tables: Tables) -> None:
        """Read compiled tables.

        Args:
            tables: What ``compile_release`` returned.
        """
        arrays, values = tables
        self.ids: list[str] = values["ids"]
        self.names: list[str] = values["names"]
        self.position = {id: number for number, id in enumerate(self.ids)}
        self.renamed: Mapping[str, str] = values["renamed"]
        self.obsolete: Mapping[str, Mapping[str, Any]] = values["obsolete"]
        self._exact: list[list[str]] = values["exact"]
        self._inexact: list[list[str]] = values["inexact"]
        self._definitions: list[str] = values["definitions"]
        self._start: Int32 = arrays["ancestor_start"]
        self._ancestors: Int32 = arrays["ancestor"]
        self._child: Int32 = arrays["child"]
        self._parent: Int32 = arrays["parent"]

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, id: str) -> bool:
        """Whether it is a current id."""
        return id in self.position

    def current(self, id: str) -> str | None:
        """Return the current id of a term.

        Args:
            id: A current id, that of a term that was merged into another, or that of an obsolete term.

        Returns:
            The current id; None if there is no such term, or if it is obsolete without a single successor.
        """
        return id if id in self.position else self.renamed.get(id)

    def name(self, id: str) -> str:
        """Return the name of a term.

        Args:
            id: A current id.

        Raises:
            KeyError: It is not a current id.
        """
        return self.names[self.position[id]]

    def synonyms(self, id: str, *, exact: bool = True) -> list[str]:
        """Return synonyms of a term.

        Args:
            id: A current id.
            exact: Those of the same meaning; otherwise those that are broader, narrower or related.

        Raises:
            KeyError: It is not a current id.
        """
        return (self._exact if exact else self._inexact)[self.position[id]]

    def definition(self, id: str) -> str:
        """Return what a term means; "" if the release does not say.

        Args:
            id: A current id.

        Raises:
            KeyError: It is not a current id.
        """
        return self._definitions[self.position[id]]

    def ancestor_positions(self, position: int) -> Int32:
        """Return the positions of a term and of all terms that it is a kind of, in ascending order."""
        return self._ancestors[self._start[position] : self._start[position + 1]]

    def ancestors(self, id: str) -> list[str]:
        """Return the ids of all terms that a term is a kind of, without itself.

        Args:
            id: A current id.

        Raises:
            KeyError: It is not a current id.
        """
        own = self.position[id]
        return [self.ids[one] for one in self.ancestor_positions(own) if one != own]

    def parent_positions(self, position: int) -> list[int]:
        """Return the positions of the terms directly above a term."""
        return self._parents_of.get(position, [])

    def descendants(self, id: str) -> list[str]:
        """Return the ids of all terms that are a kind of a term, without itself.

        Args:
            id: A current id.

        Raises:
            KeyError: It is not a current id.
        """
        own = self.position[id]
        return [self.ids[one] for one in self._down.indices[self._down.indptr[own] : self._down.indptr[own + 1]] if one != own]

    def parents(self, id: str) -> list[str]:
        """Return the ids of the terms directly above a term.

        Args:
            id: A current id.

        Raises:
            KeyError: It is not a current id.
        """
        return [self.ids[one] for one in self.parent_positions(self.position[id])]

    def children(self, id: str) -> list[str]:
        """Return the ids of the terms directly below a term.

        Args:
            id: A current id.

        Raises:
            KeyError: It is not a current id.
        """
        return [self.ids[one] for one in self._children_of.get(self.position[id], ())]

    def is_sign(self, id: str) -> bool:
        """Tell whether a term is a phenotypic abnormality; the name of that whole branch says nothing, and is none.

        Args:
            id: A current id.

        Raises:
            KeyError: It is not a current id.
        """
        return bool(self.signs[self.position[id]])

    def branch(self, id: str) -> str:
        """Name the branch of a term, such as "Phenotypic abnormality" or "Mode of inheritance".

        Args:
            id: A current id.

        Returns:
            The name of its ancestor directly below the root; of the root, its own name.

        Raises:
            KeyError: It is not a current id.
        """
        above = set(self.ancestor_positions(self.position[id]).tolist())
        return next((self.names[one] for one in self._children_of[self.position[ALL]] if one in above), self.name(id))

    @cached_property
    def signs(self) -> npt.NDArray[np.bool_]:
        """Mask, bool [T]: which terms are phenotypic abnormalities."""
        root = self.position[PHENOTYPIC_ABNORMALITY]
        mask = np.zeros(len(self), bool)
        mask[self._down.indices[self._down.indptr[root] : self._down.indptr[root + 1]]] = True
        mask[root] = False
        return mask

    @cached_property
    def up(self) -> Sparse:
        """Sparse bool [T, T] in CSR format: each term's row marks itself and all its ancestors."""
        ones = np.ones(len(self._ancestors), bool)
        return sparse.csr_matrix((ones, self._ancestors, self._start), shape=(len(self), len(self)))

    @cached_property
    def _down(self) -> Sparse:
        return self.up.T.tocsr()

    @cached_property
    def _parents_of(self) -> dict[int, list[int]]:
        return _grouped(self._child, self._parent)

    @cached_property
    def _children_of(self) -> dict[int, list[int]]:
        return _grouped(self._parent, self._child)


def _grouped(keys: Int32, values: Int32) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = defaultdict(list)
    for key, value in zip(keys.tolist(), values.tolist(), strict=True):
        groups[key].append(value)
    return groups
