"""Compiles the files of a release to tables that load fast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from dysfw.plugin import DysfwError

from .compiled import Tables
from .hpoa import AnnotationLines, read_annotations, read_genes
from .obo import Term, read_terms
from .release import HINT, Release

FORMAT = 2  # to be raised if the tables below change


def compile_release(release: Release) -> Tables:
    """Compile terms, annotations and genes.

    Annotations are those with terms that exist. Terms and diseases are numbered by their ids.

    Args:
        release: The release.

    Returns:
        Arrays and values, which ``Ontology`` and ``Diseases`` read.

    Raises:
        DysfwError: A file cannot be read, or is not what its name says.
    """
    try:
        terms = read_terms(release.ontology)
        lines = read_annotations(release.annotations)
        genes = read_genes(release.genes)
        arrays, values = _compile_terms(terms)
        disease_arrays, disease_values = _compile_diseases(lines, values["ids"], values["renamed"])
    except OSError as error:
        raise DysfwError(f"cannot read {error.filename}: {error.strerror}", hint=HINT) from None
    except ValueError as error:
        raise DysfwError(f"the files of HPO {release.version} are damaged: {error}", hint=HINT) from None
    by_disease: dict[str, list[tuple[str, int]]] = {}
    for gene in genes:
        by_disease.setdefault(gene.disease, []).append((gene.symbol, gene.ncbi))
    return {**arrays, **disease_arrays}, {**values, **disease_values, "genes": by_disease}


def _compile_terms(terms: Sequence[Term]) -> Tables:
    current = sorted((term for term in terms if not term.obsolete), key=lambda term: term.id)
    position = {term.id: number for number, term in enumerate(current)}
    listed = {term.id for term in terms}  # an obsolete term can have several successors, which all list it as an alternative
    renamed = {old: term.id for term in current for old in term.alternatives if old not in listed}
    obsolete: dict[str, dict[str, Any]] = {}
    for term in terms:
        if term.obsolete:
            successors = [id for id in term.successors if id in position]
            if len(successors) == 1:
                renamed[term.id] = successors[0]
            candidates = [id for id in (*successors, *term.considered) if id in position]
            obsolete[term.id] = {"name": term.name, "candidates": candidates}
    child, parent = _edges(current, position)
    count = len(current)
    step = sparse.csr_matrix((np.ones(len(child), bool), (child, parent)), shape=(count, count)) + sparse.eye(count, dtype=bool)
    closure = step.tocsr()
    while (longer := (closure @ closure).tocsr()).nnz > closure.nnz:  # doubles the length of the paths
        closure = longer
    closure.sort_indices()
    return {
        "child": child,
        "parent": parent,
        "ancestor_start": closure.indptr.astype(np.int32),
        "ancestor": closure.indices.astype(np.int32),
    }, {
        "ids": [term.id for term in current],
        "names": [term.name for term in current],
        "exact": [term.exact for term in current],
        "inexact": [term.inexact for term in current],
        "definitions": [term.definition for term in current],
        "renamed": renamed,
        "obsolete": obsolete,
    }


def _edges(terms: Sequence[Term], position: dict[str, int]) -> tuple[Any, Any]:
    """Positions of terms and of their parents."""
    pairs = [(position[term.id], position[parent]) for term in terms for parent in term.parents if parent in position]
    child, parent = np.array(pairs, np.int32).reshape(-1, 2).T
    return np.ascontiguousarray(child), np.ascontiguousarray(parent)


def _compile_diseases(lines: AnnotationLines, ids: Sequence[str], renamed: dict[str, str]) -> Tables:
    position = {id: number for number, id in enumerate(ids)}
    term_of = np.array([position.get(renamed.get(id, id), -1) for id in lines.terms], np.int32)
    diseases = sorted(lines.diseases)
    number = {id: n for n, id in enumerate(diseases)}
    disease_of = np.array([number[id] for id in lines.diseases], np.int32)
    disease, term = disease_of[lines.disease], term_of[lines.term]
    order = np.lexsort((term, disease))
    order = order[term[order] >= 0]
    arrays = {
        "row_disease": disease[order],
        "row_term": term[order],
        "row_reference": lines.reference[order],
        "row_negated": lines.negated[order],
        "row_affected": lines.affected[order],
        "row_counted": lines.counted[order],
        "row_frequency": lines.frequency[order],
        "row_sex": lines.sex[order],
        "row_aspect": lines.aspect[order],
    }
    values = {"diseases": diseases, "disease_names": [lines.diseases[id] for id in diseases], "references": lines.references}
    return arrays, values
