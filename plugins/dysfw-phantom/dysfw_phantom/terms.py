"""HPO terms that phantoms can show, with the labels of the Human Phenotype Ontology (hpo.jax.org)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from dysfw.plugin import DysfwError, closest

from .axes import axes, traits


@dataclass(frozen=True, slots=True)
class Term:
    """An HPO term, which names one end of an axis.

    Attributes:
        id: HPO id, such as "HP:0000316".
        label: Label of the term.
        axis: Name of the axis or trait.
        sign: Sign of the end: 1 or -1.
        version: Version of specs from which on the term is drawn at random, 1 or 2.
    """

    id: str
    label: str
    axis: str
    sign: int
    version: int


@cache
def terms() -> Mapping[str, Term]:
    """Return all terms by id, in the order of the axes and traits."""
    result: dict[str, Term] = {}
    for axis, first in [(axis, axis.version) for axis in axes().values()] + [(trait, 2) for trait in traits().values()]:
        for version, named in ((first, axis.terms), (2, axis.later_terms)):
            result |= {id: Term(id, label, axis.name, sign, version) for id, label, sign in named}
    return result


def find_term(name: str) -> Term:
    """Find a term by its id or label.

    Args:
        name: HPO id or label; case is ignored.

    Returns:
        The term.

    Raises:
        DysfwError: The term is unknown; the message suggests the most similar one.
    """
    query = name.strip().casefold()
    for term in terms().values():
        if query in (term.id.casefold(), term.label.casefold()):
            return term
    known = [name for term in terms().values() for name in (term.id, term.label)]
    raise DysfwError(
        f"phantoms cannot show the term {name!r}{closest(name, known)}", hint="`dysfw phantom terms` lists the available terms"
    )
