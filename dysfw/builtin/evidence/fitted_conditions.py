"""Finds the conditions that evidence was fitted to, by label or identifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...types import ConditionIds, Int64


@dataclass(frozen=True, slots=True)
class FittedConditions:
    """The K conditions that evidence was fitted to.

    Attributes:
        conditions: The conditions, in the order of fitted arrays.
    """

    conditions: tuple[ConditionIds, ...] = ()

    def rows(self, conditions: Sequence[ConditionIds]) -> Int64:
        """Find conditions: by their label, or by an identifier that only one fitted condition has.

        Args:
            conditions: M conditions.

        Returns:
            int64 [M], positions among the K conditions; -1 for those that it was not fitted to.
        """
        labels = {one.label: row for row, one in enumerate(self.conditions)}
        identified: dict[str, set[int]] = {}
        for row, one in enumerate(self.conditions):
            for identifier in one.identifiers:
                identified.setdefault(identifier, set()).add(row)
        found = []
        for one in conditions:
            rows = (
                {labels[one.label]} if one.label in labels else set().union(*(identified.get(i, ()) for i in one.identifiers))
            )
            found.append(rows.pop() if len(rows) == 1 else -1)
        return np.array(found, np.int64)

    def values(self) -> dict[str, object]:
        """Return plain JSON values, for a bundle."""
        return {"labels": [c.label for c in self.conditions], "identifiers": [list(c.identifiers) for c in self.conditions]}

    @classmethod
    def restore(cls, values: Mapping[str, object]) -> FittedConditions:
        """Restore the conditions: the inverse of ``values``.

        Args:
            values: What ``values`` returned.

        Raises:
            ValueError: They are not.
        """
        labels, identifiers = values.get("labels"), values.get("identifiers")
        if not (isinstance(labels, list) and isinstance(identifiers, list) and len(labels) == len(identifiers)):
            raise ValueError("invalid state: expected labels and identifiers of the conditions")
        return cls(tuple(ConditionIds(str(a), tuple(map(str, b))) for a, b in zip(labels, identifiers, strict=True)))
