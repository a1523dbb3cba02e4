"""Addresses of pages about identifiers. The server never opens them; people may."""

from __future__ import annotations

from ..knowledge.ontology import Gene
from . import schema

# By the part of an identifier before the colon; {} stands for the rest.
PAGES = {
    "OMIM": "https://omim.org/entry/{}",
    "ORPHA": "https://www.orpha.net/en/disease/detail/{}",
    "MONDO": "https://monarchinitiative.org/MONDO:{}",
    "HP": "https://hpo.jax.org/browse/term/HP:{}",
}
GENE = "https://www.ncbi.nlm.nih.gov/gene/{}"


def href(identifier: str) -> str | None:
    """The page about a disease or a sign.

    Args:
        identifier: Such as "OMIM:122470" or "HP:0000664".

    Returns:
        Its address; None for other kinds of identifiers.
    """
    kind, _, number = identifier.partition(":")
    return PAGES[kind].format(number) if kind in PAGES and number.isascii() and number.isdigit() else None


def link(identifier: str) -> schema.Link:
    """An identifier with the page about it.

    Args:
        identifier: Such as "OMIM:122470".
    """
    return schema.Link(id=identifier, href=href(identifier))


def gene_link(gene: Gene) -> schema.GeneLink:
    """A gene with the page about it.

    Args:
        gene: The gene.
    """
    known = gene.ncbi.isascii() and gene.ncbi.isdigit()
    return schema.GeneLink(symbol=gene.symbol, href=GENE.format(gene.ncbi) if known else None)
