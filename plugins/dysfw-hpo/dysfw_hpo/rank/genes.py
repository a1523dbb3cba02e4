"""Genes as results show them."""

from __future__ import annotations

from ..diseases import Gene

NO_SYMBOL = "-"  # of the annotations
PREFIX = "NCBIGene:"


def named(gene: Gene) -> Gene:
    """Give a gene its id in place of a symbol that the annotations lack."""
    return gene if gene.symbol != NO_SYMBOL else Gene(f"{PREFIX}{gene.ncbi}", gene.ncbi)


def has_symbol(gene: Gene) -> bool:
    """Tell whether a gene has a symbol in the annotations."""
    return gene.symbol != NO_SYMBOL and not gene.symbol.startswith(PREFIX)
