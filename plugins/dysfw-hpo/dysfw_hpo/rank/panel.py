"""A gene panel: the genes to which a ranking is restricted."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dysfw.plugin import DysfwError, count, local_path, quoted, read_text

from ..diseases import Diseases
from .genes import named
from .lists import cells_of

# Headings of columns in panels that people download, in lower case and with "_" between words; symbols come before ids.
COLUMNS = (
    "gene_symbol", "gene_symbols", "symbol", "symbols", "gene", "genes", "gene_name", "gene_names", "approved_symbol",
    "hgnc_symbol", "entity_name", "gene_list", "ncbi_gene_id", "ncbi_id", "entrez_gene_id", "entrez_id",
)  # fmt: skip
# Headings of other columns: a first line with one of them is no gene.
OTHER_HEADINGS = frozenset(("hgnc_id", "hgnc", "gene_id", "ensembl_id", "ensembl_gene_id", "id", "panel", "disease", "name"))
PREFIXED_NCBI = re.compile(r"(?:NCBIGENE:|ENTREZ:|GENEID:)?(\d+)", re.IGNORECASE)
OTHER_ID = re.compile(r"HGNC:\d+|ENS[GT]\d+(\.\d+)?", re.IGNORECASE)
HINT = "give symbols with commas between, such as KMT2D,NIPBL, or a file with a symbol on each line"
MAX_NAMED = 10  # unknown entries that a message names


@dataclass(frozen=True, slots=True)
class Panel:
    """A gene panel.

    Attributes:
        genes: Symbols of its genes that have an annotated disease, as the annotations write them.
        unknown: What else it lists, with the symbol of the most similar spelling, or "".
        diseases: Ids of the diseases with at least one of its genes.
        source: What was read, such as "column “Gene Symbol” of panel.tsv"; "" if the genes were typed.
        name: What messages call it.
    """

    genes: tuple[str, ...]
    unknown: Mapping[str, str]
    diseases: frozenset[str]
    source: str = ""
    name: str = "--genes"

    @property
    def message(self) -> str:
        """A sentence on genes that are not known; "" if all are."""
        if not self.unknown:
            return ""
        reasons = [_reason(word, near) for word, near in self.unknown.items()]
        number = count(len(self.unknown), "entry", "entries")
        of = f" ({self.source})" if self.source else ""
        return f"{self.name}{of}: {number} left out: {'; '.join(reasons[:MAX_NAMED])}{_more(reasons)}"


def find_panel(text: str, diseases: Diseases) -> Panel:
    """Read the value of ``--genes``.

    Args:
        text: Symbols or NCBI ids with commas between, or the name of a file with them: any number a line, or a table with a
            column such as "gene_symbol".
        diseases: The diseases.

    Returns:
        The panel.

    Raises:
        DysfwError: The file cannot be read, or no gene of the panel has an annotated disease.
    """
    symbols = {gene.symbol.casefold(): gene.ncbi for id in diseases.ids for gene in map(named, diseases.genes(id))}
    words, source = _words(text, symbols)
    return panel_of(words, diseases, source)


def panel_of(words: Sequence[str], diseases: Diseases, source: str = "", name: str = "--genes") -> Panel:
    """Find the genes of a panel.

    Args:
        words: Symbols or NCBI ids.
        diseases: The diseases.
        source: What was read; "" if the genes were typed.
        name: What messages call the panel.

    Returns:
        The panel.

    Raises:
        DysfwError: No gene of the panel has an annotated disease.
    """
    diseases_of: dict[int, set[str]] = defaultdict(set)
    symbols: dict[str, int] = {}
    symbol_of: dict[int, str] = {}
    for id in diseases.ids:
        for gene in map(named, diseases.genes(id)):
            diseases_of[gene.ncbi].add(id)
            symbols[gene.symbol.casefold()], symbol_of[gene.ncbi] = gene.ncbi, gene.symbol
    if not words:
        raise DysfwError(f"{name}: the panel lists no gene", hint=HINT)
    genes: dict[int, None] = {}
    unknown: dict[str, str] = {}
    for word in dict.fromkeys(words):
        number = PREFIXED_NCBI.fullmatch(word)
        found = symbols.get(word.casefold()) or (int(number[1]) if number else None)
        if found is not None and found in symbol_of:
            genes[found] = None
        else:
            unknown[word] = "" if number or OTHER_ID.fullmatch(word) else _similar(word, symbols, symbol_of)
    own = frozenset(id for ncbi in genes for id in diseases_of[ncbi])
    panel = Panel(tuple(symbol_of[ncbi] for ncbi in genes), unknown, own, source, name)
    if not genes:
        raise DysfwError(f"{panel.message}; nothing is left to rank", hint=f"{HINT}; symbols change: use the current one")
    return panel


def _reason(word: str, near: str) -> str:
    shown = quoted(word, 30)
    if OTHER_ID.fullmatch(word):
        return f"{shown} is an id of HGNC or Ensembl, which is not understood (write the symbol)"
    if PREFIXED_NCBI.fullmatch(word):
        return f"{shown} is no NCBI id of a gene with an annotated disease"
    similar = f" (similar spelling: {near}, which may be another gene)" if near else ""
    return f"{shown} is no symbol of a gene with an annotated disease; former symbols are not known{similar}"


def _more(reasons: Sequence[str]) -> str:
    return f"; and {len(reasons) - MAX_NAMED:,} more" if len(reasons) > MAX_NAMED else ""


def _words(text: str, symbols: Mapping[str, int]) -> tuple[list[str], str]:
    """What the panel lists, and where it was found."""
    path = local_path(text)
    if not path.is_file():
        if "/" in text or path.suffix.lower() in {".txt", ".tsv", ".csv"}:
            raise DysfwError(f"--genes: no such file: {path}", hint=HINT)
        return _split(text), ""
    return _words_of_file(path, symbols)


def _words_of_file(path: Path, symbols: Mapping[str, int]) -> tuple[list[str], str]:
    lines = [line for line in read_text(path, "gene panel").lstrip("\ufeff").splitlines() if line.strip()]
    rows = [cells_of(line) for line in lines if not line.lstrip().startswith("#")]
    headings = [re.sub(r"[\s_-]+", "_", cell.casefold()) for cell in rows[0]] if rows else []
    column = next((headings.index(name) for name in COLUMNS if name in headings), None)
    if column is not None:
        own = slice(None) if len(headings) == 1 else slice(column, column + 1)
        words = [word for row in rows[1:] for cell in row[own] for word in _split(cell)]
        return words, f"column {quoted(rows[0][column], 30)} of {path.name}"
    if OTHER_HEADINGS & {*headings} and not any(cell.casefold() in symbols for cell in rows[0]):
        rows = rows[1:]
    words = [word for row in rows for word in _genes_of(row, symbols)]
    return words, f"all cells of {count(len(rows), 'line')} of {path.name}"


def _genes_of(row: Sequence[str], symbols: Mapping[str, int]) -> list[str]:
    """The cells of a row that can be genes: a number beside others is more likely a score, or the row's, than an id."""
    numbers = all(cell.isdigit() for cell in row if cell)
    first = 0 if numbers or any(cell.casefold() in symbols for cell in row) else 1
    return [cell for place, cell in enumerate(row) if cell and (numbers or place < first or not _is_number(cell))]


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[-+]?\d*\.?\d+([eE][-+]?\d+)?%?", cell) is not None


def _split(text: str) -> list[str]:
    return [word for word in re.split(r"[\s,;]+", text) if word]


def _similar(word: str, symbols: Mapping[str, int], name: Mapping[int, str]) -> str:
    from rapidfuzz import fuzz, process

    hit = process.extractOne(word.casefold(), symbols.keys(), scorer=fuzz.ratio, score_cutoff=70)
    return name[symbols[hit[0]]] if hit else ""
