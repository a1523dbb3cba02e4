"""The terms of the Human Phenotype Ontology with their parents, and which of them are facial."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

BRANCHES = {
    "HP:0000152": "Abnormality of head or neck",
    "HP:0000478": "Abnormality of the eye",
    "HP:0000598": "Abnormality of the ear",
    "HP:0001595": "Abnormal hair morphology",
}
FILE = "hpo_terms.tsv.gz"


@dataclass(frozen=True, slots=True)
class HpoTerm:
    """A term of the ontology.

    Attributes:
        id: HPO id, such as "HP:0000508".
        label: Label of the term.
        parents: HPO ids of its parents.
    """

    id: str
    label: str
    parents: tuple[str, ...]


@cache
def hpo_terms() -> Mapping[str, HpoTerm]:
    """Return all terms by id."""
    return {row["id"]: HpoTerm(row["id"], row["label"], tuple(row["parents"].split())) for row in _rows() if row["label"]}


@cache
def _replacements() -> Mapping[str, str]:
    return {row["id"]: row["replaced_by"] for row in _rows() if row["replaced_by"]}


def _rows() -> list[dict[str, str]]:
    content = gzip.decompress((files(__package__) / FILE).read_bytes()).decode("utf-8")
    return list(csv.DictReader(content.splitlines(), delimiter="\t"))


def current_id(id: str) -> str:
    """Return the id that replaces an obsolete or merged one; any other is returned unchanged.

    Args:
        id: HPO id.
    """
    return _replacements().get(id, id)


@cache
def ancestors(id: str) -> frozenset[str]:
    """Return the ids of a term and of all more general terms.

    Args:
        id: HPO id, which may be obsolete.

    Returns:
        HPO ids; only the id itself if it is unknown.
    """
    id = current_id(id)
    term = hpo_terms().get(id)
    return frozenset({id}).union(*(ancestors(parent) for parent in term.parents)) if term else frozenset({id})


def is_facial(id: str) -> bool:
    """Return whether a term is in one of the ``BRANCHES``: head, neck, eyes, ears and hair.

    Args:
        id: HPO id.
    """
    return not ancestors(id).isdisjoint(BRANCHES)


def most_specific(ids: Iterable[str]) -> list[str]:
    """Remove the terms that another one implies.

    Args:
        ids: HPO ids.

    Returns:
        The others, sorted.
    """
    unique = set(ids)
    return sorted(id for id in unique if not any(id in ancestors(other) for other in unique - {id}))
