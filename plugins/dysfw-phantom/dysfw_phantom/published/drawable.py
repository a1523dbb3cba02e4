"""Which signs of a case a phantom can show: the drawable terms that its observed and excluded HPO terms imply."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from ..terms import terms
from .hpo import ancestors, is_facial, most_specific


@dataclass(frozen=True, slots=True)
class DrawableSigns:
    """The signs of a case that a phantom can show.

    Attributes:
        observed: HPO ids of the terms to draw, sorted.
        excluded: HPO ids of the terms that must not be visible, sorted.
        contradictory: HPO ids of drawable terms that are both observed and excluded, or name both ends of an axis. None
            is drawn.
    """

    observed: tuple[str, ...]
    excluded: tuple[str, ...]
    contradictory: tuple[str, ...]


def drawable_signs(observed: Iterable[str], excluded: Iterable[str] = ()) -> DrawableSigns:
    """Select what can be drawn. A term implies the more general ones; if it is excluded, the more specific ones are, too.

    Args:
        observed: HPO ids of the signs that a patient has.
        excluded: HPO ids of the signs that the patient does not have.

    Returns:
        The drawable signs. Unknown ids are ignored.
    """
    present = {term for id in observed for term in drawable_terms(id)}
    absent = {term for id in excluded for term in _drawable_below().get(id, ())}
    ends: defaultdict[str, set[int]] = defaultdict(set)
    for id in present:
        ends[terms()[id].axis].add(terms()[id].sign)
    both_ends = {id for id in present if len(ends[terms()[id].axis]) > 1}
    contradictory = both_ends | (present & absent)
    return DrawableSigns(
        tuple(sorted(present - contradictory)), tuple(sorted(absent - contradictory)), tuple(sorted(contradictory))
    )


@cache
def drawable_terms(id: str) -> tuple[str, ...]:
    """Return the terms that show a sign: the term itself, or else the most specific drawable terms that it implies.

    Args:
        id: HPO id.

    Returns:
        HPO ids; empty if phantoms cannot show the sign.
    """
    return tuple(most_specific(ancestors(id) & terms().keys()))


@cache
def _drawable_below() -> Mapping[str, tuple[str, ...]]:
    """The drawable terms that each term includes."""
    below: defaultdict[str, list[str]] = defaultdict(list)
    for term in terms():
        for ancestor in ancestors(term):
            below[ancestor].append(term)
    return {id: tuple(ids) for id, ids in below.items()}


def drawable_fraction(cases: Iterable[Iterable[str]]) -> tuple[int, int]:
    """Count the facial signs of cases, and those of them that phantoms can show.

    Args:
        cases: HPO ids of the observed signs of each case.

    Returns:
        Number of drawable facial signs, and number of all facial signs.
    """
    facial = [id for observed in cases for id in observed if is_facial(id)]
    return sum(bool(drawable_terms(id)) for id in facial), len(facial)
