"""A gene panel: the genes to which a ranking is restricted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dysfw.plugin import DysfwError, count, listed, local_path, quoted, read_text

from ..diseases import Diseases
from .lists import cells_of

# Headings of the column with symbols in panels that people download, in lower case and with "_" between words.
SYMBOL_COLUMNS = ("gene_symbol", "symbol", "gene", "genes", "gene_name", "approved_symbol", "hgnc_symbol", "entity_name")
PREFIXED_NCBI = re.compile(r"(?:NCBIGENE:|ENTREZ:|GENEID:)?(\d+)", re.IGNORECASE)
HINT = "give symbols with commas between, such as KMT2D,NIPBL, or a file with a symbol on each line"
MAX_NAMED = 10  # unknown symbols that a message names


@dataclass(frozen=True, slots=True)
class Panel:
    """A gene panel.

    Attributes:
        genes: Symbols of its genes that have an annotated disease, as the annotations write them.
        unknown: What else it lists, with the closest symbol of each, or "".
        diseases: Ids of the diseases with at least one of its genes.
    """

    genes: tuple[str, ...]
    unknown: Mapping[str, str]
    diseases: frozenset[str]

    @property
    def message(self) -> str:
        """A sentence on genes that are not known; "" if all are."""
        if not self.unknown:
            return ""
        names = [f"{quoted(word, 30)} (closest: {near})" if near else quoted(word, 30) for word, near in self.unknown.items()]
        number = count(len(self.unknown), "entry", "entries")
        return f"--genes: no annotated disease has a gene for {number} of the panel: {listed(names, MAX_NAMED)}"


def find_panel(text: str, diseases: Diseases) -> Panel:
    """Read the value of ``--genes``.

    Args:
        text: Symbols or NCBI ids with commas between, or the name of a file with them: one a line, or a table with a column
            such as "gene_symbol".
        diseases: The diseases.

    Returns:
        The panel.

    Raises:
        DysfwError: The file cannot be read, or no gene of the panel has an annotated disease.
    """
    words = list(dict.fromkeys(_words(text)))
    if not words:
        raise DysfwError("--genes: the panel lists no gene", hint=HINT)
    symbols, by_number = _symbols(diseases)
    genes: dict[str, None] = {}
    unknown: dict[str, str] = {}
    for word in words:
        number = PREFIXED_NCBI.fullmatch(word)
        if found := symbols.get(word.casefold()) or (by_number.get(int(number[1])) if number else None):
            genes[found] = None
        else:
            unknown[word] = _closest(word, symbols)
    panel = Panel(tuple(genes), unknown, frozenset(diseases.with_genes(genes)))
    if not genes:
        raise DysfwError(f"{panel.message}; nothing is left to rank", hint=f"{HINT}; symbols change: use the current one")
    return panel


def _words(text: str) -> Iterator[str]:
    path = local_path(text)
    if not path.is_file():
        if "/" in text or path.suffix.lower() in {".txt", ".tsv", ".csv"}:
            raise DysfwError(f"--genes: no such file: {path}", hint=HINT)
        yield from filter(None, re.split(r"[\s,;]+", text))
        return
    lines = [line for line in read_text(path, "gene panel").lstrip("\ufeff").splitlines() if line.strip()]
    rows = [cells_of(line) for line in lines if not line.lstrip().startswith("#")]
    headings = [re.sub(r"[\s_-]+", "_", cell.casefold()) for cell in rows[0]] if rows else []
    column = next((headings.index(name) for name in SYMBOL_COLUMNS if name in headings), None)
    if column is not None:
        yield from (row[column] for row in rows[1:] if len(row) > column and row[column])
    elif len(rows) == 1:
        yield from filter(None, rows[0])
    else:
        yield from (row[0] for row in rows if row[0])


def _symbols(diseases: Diseases) -> tuple[dict[str, str], dict[int, str]]:
    """All symbols by their casefolded form and by NCBI id."""
    genes = {gene for id in diseases.ids for gene in diseases.genes(id)}
    return {gene.symbol.casefold(): gene.symbol for gene in genes}, {gene.ncbi: gene.symbol for gene in genes}


def _closest(word: str, symbols: Mapping[str, str]) -> str:
    from rapidfuzz import fuzz, process

    hit = process.extractOne(word.casefold(), symbols.keys(), scorer=fuzz.ratio, score_cutoff=70)
    return symbols[hit[0]] if hit else ""
