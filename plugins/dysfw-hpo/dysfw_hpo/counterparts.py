"""Finds the diseases that OMIM and Orphanet both describe. The release does not say which they are.

Each database annotates what the other one leaves out, so that a disease is known better if both are pooled.

Names with the same words mean the same disease. Of the rest, two of three must agree, and nothing may contradict:

- names: they share half of their words or more, each weighted by how rare it is, and their numbers are the same. Orphanet
  often describes a group without a number; that is the first of OMIM's series, not another one.
- genes: they share one. If Orphanet lists several genes, it describes a group of diseases, each of which shares signs with it.
  So genes and signs are not enough if it lists more than three, or more than one and OMIM's disease is one of a series.
- signs: a cosine similarity of 0.4 or more.

What contradicts: different genes, different numbers, types with different names (Strudwick type, Schmidt type), and a change
of a chromosome, such as a deletion, that only one of the names states. Such changes are compared by name and signs, since the
genes that they affect have diseases of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from .compiled import Sparse
from .diseases import Diseases

Int32 = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float32]

MIN_SIGNS = 0.4  # cosine similarity of the signs
MAX_GENES = 3  # of Orphanet's disease, if only genes and signs agree
MIN_NAMES = 0.5  # shared weight of the words of two names, of all their words
FIRST_OF_SERIES = re.compile(r",?( type)? (1a?|ia?|a)$")
WORD = re.compile(r"[a-z0-9]+(?:\.[0-9]+)?")
NUMBER = re.compile(r"\d+[a-z]?")  # of a series: "35", "2b"; not a chromosome's band, such as "1p36"
TYPE = re.compile(r"([^\W\d]+) type\b(?! \w{1,3}\b)")  # "Strudwick type", but not "dysplasia type 2"
BAND = re.compile(r"\d+[pq](\d[\d.]*)?|xp\d[\d.]*|xq\d[\d.]*")
ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
REARRANGED = {
    "deletion", "duplication", "triplication", "monosomy", "trisomy", "tetrasomy", "disomy", "ring", "translocation",
    "inversion", "rearrangement",
}  # fmt: skip
EMPTY = {"syndrome", "disease", "disorder", "type", "form", "familial", "hereditary", "congenital", "chromosome", "related",
         "and", "or", "of", "with", "without", "due", "to", "the", "in", "by", "from", "a", "an"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Identity:
    """What the name and the genes of a disease say.

    Attributes:
        words: Its words, without those that most names have.
        numbers: Its numbers, without that of the first of a series.
        series: Whether it is one of a series, the first included.
        types: The names of its type, such as "strudwick".
        rearranged: How a chromosome is changed.
        genes: The symbols of its genes.
    """

    words: frozenset[str]
    numbers: frozenset[str]
    series: bool
    types: frozenset[str]
    rearranged: frozenset[str]
    genes: frozenset[str]


def find_counterparts(diseases: Diseases, profiles: Sparse, weight: FloatArray) -> Int32:
    """Find the counterparts of the D diseases.

    Of the pairs that may be the same, those that are the most alike in name and signs come first.

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

    for first, second in _by_same_name(left("OMIM:"), left("ORPHA:"), diseases.names):
        found[first], found[second] = second, first
    weighted = profiles.copy()
    weighted.data = weighted.data * np.sqrt(weight)[weighted.indices]
    for first, second in _ordered_pairs(left("OMIM:"), left("ORPHA:"), diseases, weighted):
        if found[first] < 0 and found[second] < 0:
            found[first], found[second] = second, first
    return found


def _ordered_pairs(omim: Sequence[int], orpha: Sequence[int], diseases: Diseases, profiles: Sparse) -> list[tuple[int, int]]:
    """Pairs of diseases that may be the same, the most alike first."""
    known = {n: _identity(diseases, n) for n in (*omim, *orpha)}
    candidates = _candidates(omim, orpha, known)
    if not candidates:
        return []
    first, second = np.array(list(candidates), np.int32).T
    scored = [
        (shared + cosine, (a, b))
        for ((a, b), shared), cosine in zip(candidates.items(), _similarity(profiles, first, second).tolist(), strict=True)
        if not _contradict(known[a], known[b]) and _agree(known[a], known[b], shared, cosine)
    ]
    return [pair for _, pair in sorted(scored, key=lambda one: -one[0])]


def _contradict(omim: _Identity, orpha: _Identity) -> bool:
    """Whether something says that two diseases differ."""
    return bool(
        omim.rearranged != orpha.rearranged
        or (omim.numbers and orpha.numbers and omim.numbers != orpha.numbers)
        or (omim.types and orpha.types and not omim.types & orpha.types)
        or (omim.genes and orpha.genes and not omim.genes & orpha.genes)
    )


def _agree(omim: _Identity, orpha: _Identity, shared: float, cosine: float) -> bool:
    """Whether two of names, genes and signs agree."""
    names_agree = shared >= MIN_NAMES and omim.numbers == orpha.numbers
    signs_agree = cosine >= MIN_SIGNS
    if omim.rearranged or not omim.genes & orpha.genes:
        return names_agree and signs_agree
    one_disease = len(orpha.genes) == 1 or (len(orpha.genes) <= MAX_GENES and not omim.series)
    return names_agree or (signs_agree and one_disease)


def _candidates(omim: Sequence[int], orpha: Sequence[int], known: dict[int, _Identity]) -> dict[tuple[int, int], float]:
    """Pairs that share a gene or much of their names, with the share of their words' weight that both have.

    A word that is in n of N names weighs log(N / n).
    """
    column = {word: number for number, word in enumerate(sorted({word for one in known.values() for word in one.words}))}

    def marked(rows: Sequence[int]) -> Sparse:
        where = [(row, column[word]) for row, n in enumerate(rows) for word in known[n].words]
        row, word = np.array(where, np.int32).reshape(-1, 2).T
        return sparse.csr_matrix((np.ones(len(where), np.float32), (row, word)), shape=(len(rows), len(column)))

    first, second = marked(omim), marked(orpha)
    number = np.asarray(first.sum(axis=0) + second.sum(axis=0)).ravel()
    weight = np.log(len(known) / number)
    both = (first.multiply(weight).tocsr() @ second.T).tocoo()
    share = both.data / np.maximum((first @ weight)[both.row] + (second @ weight)[both.col] - both.data, 1e-6)
    shares = sparse.csr_matrix((share, (both.row, both.col)), shape=both.shape)
    much = share >= MIN_NAMES
    rows, others = {n: row for row, n in enumerate(omim)}, {n: row for row, n in enumerate(orpha)}
    pairs = {(omim[a], orpha[b]) for a, b in zip(both.row[much].tolist(), both.col[much].tolist(), strict=True)}
    ordered = sorted(pairs | _sharing_gene(omim, orpha, known))
    if not ordered:
        return {}
    values = np.asarray(shares[[rows[a] for a, _ in ordered], [others[b] for _, b in ordered]]).ravel()
    return dict(zip(ordered, values.tolist(), strict=True))


def _sharing_gene(omim: Sequence[int], orpha: Sequence[int], known: dict[int, _Identity]) -> set[tuple[int, int]]:
    of_gene: dict[str, list[int]] = defaultdict(list)
    for number in orpha:
        for symbol in known[number].genes:
            of_gene[symbol].append(number)
    return {(a, b) for a in omim for symbol in known[a].genes for b in of_gene.get(symbol, ())}


def _similarity(profiles: Sparse, first: Int32, second: Int32) -> FloatArray:
    """Cosine similarity of the signs of pairs: float32 [pairs]."""
    norm = np.sqrt(np.asarray(profiles.multiply(profiles).sum(axis=1)).ravel())
    products = np.asarray(profiles[first].multiply(profiles[second]).sum(axis=1)).ravel()
    return np.asarray(products / (norm[first] * norm[second]), np.float32)


def _by_same_name(omim: Sequence[int], orpha: Sequence[int], names: Sequence[str]) -> list[tuple[int, int]]:
    named: dict[str, list[int]] = defaultdict(list)
    for number in orpha:
        named[_key(names[number])].append(number)
    pairs: dict[int, int] = {}
    for number in omim:
        name = names[number].casefold()
        for key in dict.fromkeys((_key(name), _key(FIRST_OF_SERIES.sub("", name)))):
            if len(candidates := named.get(key, [])) == 1:
                pairs.setdefault(candidates[0], number)
                break
    return [(a, b) for b, a in pairs.items()]


def _key(name: str) -> str:
    """The words of a name in alphabetical order: OMIM writes "Brachydactyly, type A4", Orphanet "Brachydactyly type A4"."""
    return " ".join(sorted(_split(name)))


def _identity(diseases: Diseases, disease: int) -> _Identity:
    """Read the name and the genes of a disease; of the first of OMIM's series, the name without its number."""
    id, whole = diseases.ids[disease], diseases.names[disease].casefold()
    text = FIRST_OF_SERIES.sub("", whole) if id.startswith("OMIM:") else whole
    words = {ROMAN.get(word, word) for word in _split(text)}
    words = {word.removeprefix("micro") if word.removeprefix("micro") in REARRANGED else word for word in words}
    rearranged = words & REARRANGED
    numbers = frozenset(word for word in words if NUMBER.fullmatch(word) and not BAND.fullmatch(word))
    # Singular and plural, Latin and English endings are one: "dystrophica" and "dystrophic".
    ends = {word if len(word) < 5 else word.removesuffix("s").removesuffix("a") for word in words - EMPTY}
    series = bool(numbers) or text != whole
    genes = frozenset(gene.symbol for gene in diseases.genes(id))
    return _Identity(frozenset(ends), numbers, series, frozenset(TYPE.findall(text)), frozenset(rearranged), genes)


def _split(name: str) -> list[str]:
    text = unicodedata.normalize("NFKD", name.casefold())
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    for former in ("mental retardation", "intellectual disability"):  # OMIM's former words, and Orphanet's
        text = text.replace(former, "intellectual developmental disorder")
    return WORD.findall(text)
