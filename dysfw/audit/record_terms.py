"""What the records of an audit contain: which terms were assessed, and how complete they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, hstack

from ..types import Int64, PatientRecord
from .feature_table import Table

# Each describes a record as a whole, and none of them depends on which signs were assessed. The number of excluded signs is not
# among them: if the same signs are assessed in all patients, it is smaller in conditions with more signs, which is no leak.
COMPLETENESS: dict[str, Callable[[PatientRecord], float]] = {
    "has a record": bool,
    "has excluded signs": lambda record: bool(record.excluded),
    "has a known age": lambda record: record.age is not None,
    "has a known sex": lambda record: record.sex is not None,
    "has a known ancestry": lambda record: record.ancestry is not None,
    "assessed signs": lambda record: len(record.observed) + len(record.excluded),
}


@dataclass(frozen=True, slots=True, eq=False)
class RecordTerms:
    """The terms of N records.

    Terms are compared as they were written, except for case and spaces around them: the audit needs no ontology.

    Attributes:
        names: The T terms, each as it was first written.
        observed: Sparse float32 [N, T] of 0 and 1.
        excluded: Sparse float32 [N, T] of 0 and 1.
    """

    names: tuple[str, ...]
    observed: csr_array
    excluded: csr_array

    @classmethod
    def of(cls, records: Sequence[PatientRecord]) -> RecordTerms:
        """Collect the terms of records."""
        numbers: dict[str, int] = {}
        names: list[str] = []
        observed = [_numbered(record.observed, numbers, names) for record in records]
        excluded = [_numbered(record.excluded, numbers, names) for record in records]
        return cls(tuple(names), _marked(observed, len(names)), _marked(excluded, len(names)))

    @property
    def assessed(self) -> csr_array:
        """Sparse float32 [N, T], 1 for each term that a record mentions, whatever its status."""
        both = csr_array(self.observed + self.excluded)
        both.data[:] = 1
        return both

    @property
    def with_status(self) -> csr_array:
        """Sparse float32 [N, 2 T], 1 for each observed term, then for each excluded one."""
        return csr_array(hstack([self.observed, self.excluded]))

    def rows(self, chosen: Int64) -> RecordTerms:
        """Return the terms of some of the records. chosen: int64, their rows."""
        return RecordTerms(self.names, self.observed[chosen], self.excluded[chosen])


def or_none(terms: csr_array) -> csr_array:
    """Add a term to the records without any, so that they are compared with each other.

    Args:
        terms: Sparse float32 [N, T] of 0 and 1.

    Returns:
        Sparse float32 [N, T + 1].
    """
    without = np.diff(terms.indptr) == 0
    return csr_array(hstack([terms, csr_array(without[:, None].astype(np.float32))]))


def completeness_table(records: Sequence[PatientRecord]) -> Table:
    """Describe how complete each record is.

    Args:
        records: N records, at least one.

    Returns:
        The table with one row a record, all features in the group "completeness".
    """
    return Table.of(
        [{"completeness": {name: float(feature(record)) for name, feature in COMPLETENESS.items()}} for record in records]
    )


def _numbered(terms: Iterable[str], numbers: dict[str, int], names: list[str]) -> list[int]:
    """Return the numbers of a record's terms, sorted; new terms are added to ``numbers`` and ``names``."""
    found = set()
    for term in terms:
        if (key := term.strip().casefold()) not in numbers:
            numbers[key] = len(names)
            names.append(term.strip())
        found.add(numbers[key])
    return sorted(found)


def _marked(rows: Sequence[Sequence[int]], columns: int) -> csr_array:
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows], dtype=np.int64)])
    numbers = np.array([number for row in rows for number in row], np.int64)
    return csr_array((np.ones(len(numbers), np.float32), numbers, starts), shape=(len(rows), columns))
