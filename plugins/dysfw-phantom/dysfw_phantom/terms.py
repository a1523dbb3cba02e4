"""HPO terms that a phantom can show. Labels are those of the Human Phenotype Ontology (hpo.jax.org)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from dysfw.plugin import DysfwError, closest

from .axes import axes


@dataclass(frozen=True, slots=True)
class Term:
    """One end of an axis: id ("HP:0000316"), label, the axis and the sign of the end (1 or -1)."""

    id: str
    label: str
    axis: str
    sign: int


@cache
def terms() -> Mapping[str, Term]:
    """All terms by id, in the order of the axes."""
    return {id: Term(id, label, axis.name, sign) for axis in axes().values() for id, label, sign in axis.terms}


def find_term(name: str) -> Term:
    """The term with this id or label, upper or lower case. Raises DysfwError with the closest match for an unknown one."""
    wanted = name.strip().casefold()
    for term in terms().values():
        if wanted in (term.id.casefold(), term.label.casefold()):
            return term
    known = [name for term in terms().values() for name in (term.id, term.label)]
    raise DysfwError(
        f"no phantom can show the term {name!r}{closest(name, known)}", hint="dysfw phantom terms lists those that it can"
    )
