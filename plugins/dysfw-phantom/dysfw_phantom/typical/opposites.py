"""Which signs exclude each other in one face, and which only adults have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from ..terms import terms

ADULT = 20.0  # years
# They are signs only at an age at which others do not have them yet, and children with them would be misleading.
OF_ADULTS = frozenset({"HP:0002216", "HP:0002292"})  # premature graying of hair, frontal balding


@cache
def opposites() -> Mapping[str, frozenset[str]]:
    """Return the terms that exclude each term: the other end of its axis, and those of ``opposites.yaml``.

    Returns:
        HPO ids by HPO id.
    """
    found: defaultdict[str, set[str]] = defaultdict(set)
    for one in terms().values():
        found[one.id] |= {other.id for other in terms().values() if other.axis == one.axis and other.sign == -one.sign}
    for (first, _), *others in stated_opposites():
        for other, _ in others:
            found[first].add(other)
            found[other].add(first)
    return {id: frozenset(ids) for id, ids in found.items()}


def stated_opposites() -> list[list[tuple[str, str]]]:
    """Read ``opposites.yaml``.

    Returns:
        Lists of (HPO id, label); the first of each excludes the others.
    """
    content: list[Any] = yaml.safe_load((files(__package__) / "opposites.yaml").read_text("utf-8"))
    return [[(id, label) for id, label in line] for line in content]


def exclude(first: Collection[str], second: Collection[str]) -> bool:
    """Return whether two sets of terms cannot be in one face.

    Args:
        first: HPO ids.
        second: HPO ids.
    """
    return any(not opposites()[id].isdisjoint(second) for id in first)
