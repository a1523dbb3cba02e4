"""The ranking as tab-separated tables: of diseases, and of genes for tools that filter or weigh variants."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from typing import TextIO

from dysfw import RESEARCH_USE
from dysfw.plugin import count

from .genes import has_symbol
from .patient import RankedPatient
from .ranking import to_log10

FORMULA_PREFIXES = ("=", "+", "-", "@")  # a spreadsheet would run such a text


def write_diseases(file: TextIO, result: RankedPatient) -> None:
    """Write a row for each disease.

    Args:
        file: Where to write.
        result: The result.
    """
    parts = [part.name for part in result.ranking.parts]
    panel = ["panel_rank"] if result.ranking.panel else []
    posterior = ["posterior"] if result.ranking.posterior is not None else []
    columns = [
        "rank", *panel, "disease_id", "disease_name", "other_ids", "mondo_id", "gene_symbols", "ncbi_gene_ids", "log10_lr",
        *(f"log10_lr_{name}" for name in parts), *posterior, "best_sign_id", "best_sign_name",
        "best_sign_status", "best_sign_log10_lr",
    ]  # fmt: skip
    _write(file, result, columns, (_disease(result, number) for number in result.shown))


def write_genes(file: TextIO, result: RankedPatient) -> None:
    """Write a row for each gene, with the disease of it that ranks first. Of a panel, only its genes.

    Symbols are in the first column, where tools that read lists of genes expect them. Genes that have none in the annotations
    are named in a line above the table instead: tools would take an id for a symbol.

    Args:
        file: Where to write.
        result: The result.
    """
    columns = ["gene_symbol", "ncbi_gene_id", "rank", "log10_lr", "disease_id", "disease_name"]
    columns += ["posterior"] if result.ranking.posterior is not None else []
    without = {gene.ncbi: None for number in result.shown for gene in result.catalog[number].genes if not has_symbol(gene)}
    ids = ", ".join(f"{ncbi}" for ncbi in without)
    remarks = [f"left out, without a symbol in the annotations: NCBI {ids}"] if without and not result.ranking.panel else []
    _write(file, result, columns, _genes(result), remarks)


def _write(
    file: TextIO, result: RankedPatient, columns: list[str], rows: Iterator[list[object]], remarks: Sequence[str] = ()
) -> None:
    for line in (*_header(result), *remarks):
        file.write(f"# {line}\n")
    writer = csv.writer(file, dialect="excel-tab", lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    file.flush()


def _header(result: RankedPatient) -> Iterator[str]:
    """What stands above a table. Nothing of the record: these lines are copied into other files."""
    recipe, ranking = result.recipe, result.ranking
    yield RESEARCH_USE
    yield f"dysfw rank, dysfw {result.version}"
    yield f"HPO {result.catalog.data.release.version}, sha256 {result.data.sha256}, {result.data.source}"
    if recipe:
        trained = ", trained on PHANTOMS: meaningless for photos of people" if recipe.phantoms else ""
        yield f"bundle {recipe.name}, {recipe.fingerprint}: knows {count(recipe.known, 'disease')} by face{trained}"
    yield "weights: " + ", ".join(f"{part.name} {part.weight:.3g}" for part in ranking.parts)
    if ranking.prior:
        yield f"posterior probabilities for the prior {ranking.prior.name}"
    for name, value in result.options.items():
        yield f"--{name} {' '.join(value.split())}"


def _disease(result: RankedPatient, number: int) -> list[object]:
    ranking, disease = result.ranking, result.catalog[number]
    sign, ratio = result.best_sign(number)
    return [
        int(ranking.rank[number]),
        *([int(ranking.panel_rank[number])] if ranking.panel else []),
        disease.id,
        disease.name,
        ";".join(disease.other_ids),
        (result.recipe.mondo.get(number) if result.recipe else None) or "",
        ";".join(gene.symbol for gene in disease.genes),
        ";".join(str(gene.ncbi) for gene in disease.genes),
        _log10(ranking.log_ratio[number]),
        *(_log10(part.log_ratio[number]) for part in ranking.parts),
        *([f"{ranking.posterior[number]:.6g}"] if ranking.posterior is not None else []),
        sign.id if sign else "",
        sign.name if sign else "",
        sign.status if sign else "",
        _log10(ratio),
    ]


def _genes(result: RankedPatient) -> Iterator[list[object]]:
    ranking = result.ranking
    wanted = {*ranking.panel.genes} if ranking.panel else None
    seen: set[int] = set()
    for number in result.shown:
        disease = result.catalog[number]
        for gene in disease.genes:
            if gene.ncbi in seen or not has_symbol(gene) or (wanted is not None and gene.symbol not in wanted):
                continue
            seen.add(gene.ncbi)
            row = [gene.symbol, gene.ncbi, int(ranking.rank[number]), _log10(ranking.log_ratio[number])]
            yield [
                *row,
                disease.id,
                disease.name,
                *([f"{ranking.posterior[number]:.6g}"] if ranking.posterior is not None else []),
            ]


def _log10(log_ratio: float) -> str:
    value = float(to_log10(log_ratio))
    return "" if math.isnan(value) else f"{value:.4f}"


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(FORMULA_PREFIXES) and not value.lstrip("+-").replace(".", "").isdigit():
        return f"'{value}"
    return value
