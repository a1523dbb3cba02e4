"""Reads the annotations of diseases: phenotype.hpoa, and the table of their genes.

The format is that of https://obophenotype.github.io/human-phenotype-ontology/annotations/phenotype_hpoa.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dysfw.plugin import Bool, Float32, UInt8

Int32 = npt.NDArray[np.int32]

COLUMNS = (
    "database_id", "disease_name", "qualifier", "hpo_id", "reference", "evidence", "onset", "frequency", "sex", "modifier",
    "aspect", "biocuration",
)  # fmt: skip
GENE_COLUMNS = ("ncbi_gene_id", "gene_symbol", "hpo_id", "hpo_name", "frequency", "disease_id")
# HPO's terms for frequencies, as the middles of their ranges.
FREQUENCY_TERMS = {
    "HP:0040280": 1.0,    # obligate, 100 %
    "HP:0040281": 0.895,  # very frequent, 80-99 %
    "HP:0040282": 0.545,  # frequent, 30-79 %
    "HP:0040283": 0.17,   # occasional, 5-29 %
    "HP:0040284": 0.025,  # very rare, 1-4 %
    "HP:0040285": 0.0,    # excluded, 0 %
}  # fmt: skip
SEXES = {"FEMALE": 1, "MALE": 2}


@dataclass(frozen=True, slots=True, eq=False)
class AnnotationLines:
    """The M lines of phenotype.hpoa, as columns. Text is coded: a column holds the positions in a list of distinct texts.

    Attributes:
        diseases: Ids of the diseases with their names, such as "OMIM:147920".
        terms: Ids of the terms.
        references: Such as "PMID:20711175"; several are joined by ";".
        disease: int32 [M], positions in ``diseases``.
        term: int32 [M], positions in ``terms``.
        reference: int32 [M], positions in ``references``.
        negated: bool [M], whether the line says that the disease does not show the term.
        affected: int32 [M], number of patients with the term; -1 if they were not counted.
        counted: int32 [M], number of patients in whom it was looked for; -1 if they were not counted.
        frequency: float32 [M], share of patients, if it is stated without counts; NaN if it is not stated.
        sex: uint8 [M], the one sex in which the term is seen, as a position in ``SEXES``; 0 for both.
        aspect: uint8 [M], the character P (phenotypic abnormality), I (inheritance), C (clinical course), M (modifier) or H
            (past medical history).
    """

    diseases: dict[str, str]
    terms: tuple[str, ...]
    references: tuple[str, ...]
    disease: Int32
    term: Int32
    reference: Int32
    negated: Bool
    affected: Int32
    counted: Int32
    frequency: Float32
    sex: UInt8
    aspect: UInt8


@dataclass(frozen=True, slots=True)
class GeneLine:
    """A disease and a gene of it.

    Attributes:
        disease: Such as "OMIM:147920".
        symbol: Of the gene, such as "KMT2D".
        ncbi: Id of the gene at NCBI, such as 8085.
    """

    disease: str
    symbol: str
    ncbi: int


def read_annotations(path: Path) -> AnnotationLines:
    """Read phenotype.hpoa.

    Args:
        path: The file.

    Returns:
        Its lines.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is not a table of annotations.
    """
    lines = [line for line in path.read_text("utf-8").split("\n") if line and not line.startswith("#")]
    if not lines or tuple(lines[0].split("\t")) != COLUMNS:
        raise ValueError(f"{path} is not a table of annotations: its columns must be {', '.join(COLUMNS)}")
    names: dict[str, str] = {}
    diseases, terms, references, frequencies = _Codes(), _Codes(), _Codes(), _Codes()
    flat = array("i")  # four a line; objects for each line would take three times as long
    flags = bytearray()  # three a line
    for line in lines[1:]:
        disease, name, qualifier, term, reference, _, _, frequency, sex, _, aspect, _ = line.split("\t")
        names[disease] = name
        flat.extend((diseases[disease], terms[term], references[reference], frequencies[frequency]))
        flags.extend((qualifier == "NOT", SEXES.get(sex, 0), ord(aspect)))
    codes = np.array(flat, np.int32).reshape(-1, 4).T
    negated, sexes, aspects = np.frombuffer(bytes(flags), np.uint8).reshape(-1, 3).T
    parsed = [_parse_frequency(text) for text in frequencies]  # few differ, so each is parsed once
    affected, counted = np.array([p[:2] for p in parsed], np.int32).T
    share = np.array([p[2] for p in parsed], np.float32)
    return AnnotationLines(
        diseases=names, terms=tuple(terms), references=tuple(references), disease=codes[0], term=codes[1], reference=codes[2],
        negated=negated > 0, affected=affected[codes[3]], counted=counted[codes[3]], frequency=share[codes[3]], sex=sexes,
        aspect=aspects,
    )  # fmt: skip


class _Codes(dict[str, int]):
    """Numbers texts in the order in which they are first asked for."""

    def __missing__(self, text: str) -> int:
        self[text] = code = len(self)
        return code


def read_genes(path: Path) -> list[GeneLine]:
    """Read the genes of diseases.

    Args:
        path: genes_to_phenotype.txt, which repeats each gene for each sign of the disease.

    Returns:
        Each pair of a disease and a gene once.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is not a table of genes.
    """
    lines = path.read_text("utf-8").split("\n")
    if tuple(lines[0].split("\t")) != GENE_COLUMNS:
        raise ValueError(f"{path} is not a table of genes: its columns must be {', '.join(GENE_COLUMNS)}")
    pairs = dict.fromkeys((*line.split("\t", 2)[:2], line[line.rfind("\t") + 1 :]) for line in lines[1:] if line)
    return [GeneLine(disease, symbol, int(ncbi)) for ncbi, symbol, disease in pairs]


def _parse_frequency(text: str) -> tuple[int, int, float]:
    """Read "3/7", "45%" or a term: patients affected and counted (or -1), and a share. Anything else is not stated."""
    affected, slash, counted = text.partition("/")
    if slash and affected.isdigit() and counted.isdigit() and int(affected) <= int(counted) > 0:
        return int(affected), int(counted), math.nan
    if text.endswith("%"):
        return -1, -1, min(max(float(text[:-1]) / 100, 0.0), 1.0)
    return -1, -1, FREQUENCY_TERMS.get(text, math.nan)
