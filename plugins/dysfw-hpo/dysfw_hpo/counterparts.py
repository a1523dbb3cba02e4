"""Finds the diseases that OMIM and Orphanet both describe. The release does not say which they are.

Each database annotates what the other one leaves out, so that a disease is known better if both are pooled.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .compiled import Sparse
from .diseases import Diseases

Int32 = npt.NDArray[np.int32]

MIN_SIMILARITY = 0.4  # cosine; those that share a gene and are less alike are often different diseases
FIRST_OF_SERIES = re.compile(r",?( type)? (1a?|ia?|a)$")
WORD = re.compile(r"[a-z0-9]+")


def find_counterparts(diseases: Diseases, profiles: Sparse, weight: npt.NDArray[np.float32]) -> Int32:
    """Find the counterparts of the D diseases.

    Two diseases are the same if their names have the same words. Of the rest, they are the same if they share a gene and each
    is the most similar of the other's candidates, with a cosine similarity of 0.4 or more.

    Args:
        diseases: The diseases.
        profiles: Sparse float32 [D, T], frequencies of terms in each disease; diseases with an empty row are left out.
        weight: float32 [T], how much a term counts.

    Returns:
        int32 [D], the position of each disease's counterpart; -1 if it has none.
    """
    described = np.diff(profiles.indptr) > 0
    found = np.full(len(diseases), -1, np.int32)

    def left(prefix: str) -> list[int]:
        return [n for n, id in enumerate(diseases.ids) if id.startswith(prefix) and described[n] and found[n] < 0]

    for first, second in _by_name(left("OMIM:"), left("ORPHA:"), diseases.names):
        found[first], found[second] = second, first
    weighted = profiles.copy()
    weighted.data = weighted.data * np.sqrt(weight)[weighted.indices]
    for first, second in _by_gene(left("OMIM:"), left("ORPHA:"), diseases, weighted):
        found[first], found[second] = second, first
    return found


def _by_gene(omim: Sequence[int], orpha: Sequence[int], diseases: Diseases, profiles: Sparse) -> list[tuple[int, int]]:
    of_gene: dict[str, list[int]] = defaultdict(list)
    for number in orpha:
        for gene in diseases.genes(diseases.ids[number]):
            of_gene[gene.symbol].append(number)
    sharing = {(a, b) for a in omim for gene in diseases.genes(diseases.ids[a]) for b in of_gene.get(gene.symbol, ())}
    if not sharing:
        return []
    pairs = np.array(sorted(sharing), np.int32)
    norm = np.sqrt(np.asarray(profiles.multiply(profiles).sum(axis=1)).ravel())
    first, second = pairs[:, 0], pairs[:, 1]
    similarity = np.asarray(profiles[first].multiply(profiles[second]).sum(axis=1)).ravel() / (norm[first] * norm[second])
    best: dict[int, int] = {}
    for pair in np.argsort(-similarity, kind="stable").tolist():  # the first pair of a disease is its most similar one
        for number in pairs[pair].tolist():
            best.setdefault(number, pair)
    return [(a, b) for n, (a, b) in enumerate(pairs.tolist()) if best[a] == best[b] == n and similarity[n] >= MIN_SIMILARITY]


def _by_name(omim: Sequence[int], orpha: Sequence[int], names: Sequence[str]) -> list[tuple[int, int]]:
    named: dict[str, list[int]] = defaultdict(list)
    for number in orpha:
        named[_words(names[number])].append(number)
    pairs: dict[int, int] = {}
    for number in omim:
        name = names[number].casefold()
        for key in dict.fromkeys((_words(name), _words(FIRST_OF_SERIES.sub("", name)))):
            if len(candidates := named.get(key, [])) == 1:
                pairs.setdefault(candidates[0], number)
                break
    return [(a, b) for b, a in pairs.items()]


def _words(name: str) -> str:
    """The words of a name in alphabetical order: OMIM writes "Brachydactyly, type A4", Orphanet "Brachydactyly type A4"."""
    text = name.casefold().replace("mental retardation", "intellectual developmental disorder")  # OMIM's former word
    return " ".join(sorted(WORD.findall(text)))
