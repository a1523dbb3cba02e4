"""How frequent each term is in each disease, from the annotations."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from threading import Lock

import numpy as np
import numpy.typing as npt
from scipy import sparse

from .compiled import Sparse, Tables, compiled
from .counterparts import find_counterparts
from .data import HpoData, load_hpo
from .ontology import Int32, Ontology

FloatArray = npt.NDArray[np.float32]

FORMAT = 6  # to be raised if anything below changes what is compiled
UNSTATED = 0.5  # frequency of a sign whose frequency is not stated
MAX_FREQUENCY = 0.98  # no sign is so certain that its absence excludes a disease
SMALLEST = 1e-5  # added to the frequencies in all diseases, for terms that are in none

_lock = Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Profiles:
    """The signs of the D diseases of a release.

    Attributes:
        frequency: Sparse float32 [D, T] in CSR format, the frequency of each term or one below it.
        background: float32 [T], the mean frequency over the diseases of OMIM.
        expected: float32 [D], the number of annotated signs that a patient has on average: the sum of their frequencies.
        everyone: float32 [M], the same of the diseases of OMIM.
        counterpart: int32 [D], the same disease in the other database; -1 if there is none.
        known: bool [D], which diseases have signs.
    """

    frequency: Sparse
    background: FloatArray
    expected: FloatArray
    everyone: FloatArray
    counterpart: Int32
    known: npt.NDArray[np.bool_]


def load_profiles() -> Profiles:
    """Load the profiles of the installed release, once a process; other threads wait meanwhile.

    Raises:
        DysfwError: The release is not installed, or damaged.
    """
    with _lock:
        return _load()


@cache
def _load() -> Profiles:
    data = load_hpo()
    key = hashlib.sha256(f"{FORMAT} {data.release.sha256}".encode()).hexdigest()
    arrays, _ = compiled("profiles", key, lambda: compile_profiles(data))
    shape = (len(data.diseases), len(data.ontology))
    frequency = sparse.csr_matrix((arrays["value"], arrays["term"], arrays["start"]), shape=shape)
    known = np.diff(frequency.indptr) > 0
    return Profiles(frequency, arrays["background"], arrays["expected"], arrays["everyone"], arrays["counterpart"], known)


def compile_profiles(data: HpoData, *, pool: bool = True) -> Tables:
    """Compute the profiles.

    Counts of several references are added up, with one patient more on either side (Laplace); without counts, the mean of the
    stated shares counts. A term is as frequent as the most frequent one below it. If OMIM and Orphanet both describe a disease,
    the mean of both counts; a term that only one of them annotates has its frequency.

    Args:
        data: The release.
        pool: Whether the annotations of OMIM and Orphanet are pooled. Otherwise each counts for its own diseases only.

    Returns:
        The arrays of ``Profiles``, and no values.
    """
    ontology, diseases = data.ontology, data.diseases
    stated = stated_frequencies(data)
    alone = propagated(stated, ontology)
    omim = np.array([id.startswith("OMIM:") for id in diseases.ids]) & (np.diff(alone.indptr) > 0)
    information = -np.log(np.maximum(_mean(alone[omim]), 1e-4)).astype(np.float32)
    counterpart = find_counterparts(diseases, alone, information) if pool else np.full(len(diseases), -1, np.int32)
    together = pooled(alone, counterpart)
    expected = expected_of(pooled(stated, counterpart))
    return {
        "value": together.data,
        "term": together.indices,
        "start": together.indptr,
        "background": (_mean(together[omim]) + SMALLEST).astype(np.float32),
        "expected": expected,
        "everyone": expected[omim],
        "counterpart": counterpart,
    }, {}


def expected_of(stated: Sparse) -> FloatArray:
    """Compute the number of annotated signs that a patient has on average.

    Args:
        stated: Sparse [D, T], the annotated frequencies, without those of the terms above.

    Returns:
        float32 [D].
    """
    return np.asarray(stated.sum(axis=1), np.float32).ravel()


def propagated(stated: Sparse, ontology: Ontology) -> Sparse:
    """Give each term the frequency of the most frequent term below it.

    Args:
        stated: Sparse [D, T] in CSR format.
        ontology: The terms.

    Returns:
        Sparse float32 [D, T] in CSR format, of signs only.
    """
    up, count = ontology.up, len(ontology)
    length = np.diff(up.indptr)[stated.indices]
    offset = np.repeat(up.indptr[stated.indices] - np.concatenate(([0], np.cumsum(length)[:-1])), length)
    ancestor = up.indices[offset + np.arange(length.sum())]
    disease = np.repeat(np.repeat(np.arange(stated.shape[0]), np.diff(stated.indptr)), length)
    value = np.repeat(stated.data, length)
    keep = ontology.signs[ancestor]
    key = (disease.astype(np.int64) * count + ancestor)[keep]
    order = np.argsort(key, kind="stable")
    key, value = key[order], value[keep][order]
    first = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if len(key) else np.empty(0, np.int64)
    highest = np.maximum.reduceat(value, first).astype(np.float32) if len(first) else np.empty(0, np.float32)
    return sparse.csr_matrix((highest, (key[first] // count, key[first] % count)), shape=stated.shape)


def stated_frequencies(data: HpoData, rows: npt.NDArray[np.bool_] | None = None) -> Sparse:
    """Return the annotated frequency of each sign in each disease, as ``compile_profiles`` counts it.

    Args:
        data: The release.
        rows: bool [M], the lines of the annotations that count; None for all.

    Returns:
        Sparse float32 [D, T] in CSR format.
    """
    lines, count = data.diseases.arrays, len(data.ontology)
    used = (lines["row_aspect"] == ord("P")) & ~lines["row_negated"] & data.ontology.signs[lines["row_term"]]
    if rows is not None:
        used &= rows
    key, of = np.unique(lines["row_disease"][used].astype(np.int64) * count + lines["row_term"][used], return_inverse=True)
    counted = lines["row_counted"][used] > 0
    affected = np.bincount(of, np.where(counted, lines["row_affected"][used], 0), len(key))
    looked_for = np.bincount(of, np.where(counted, lines["row_counted"][used], 0), len(key))
    share = lines["row_frequency"][used].astype(np.float64)
    shares = np.bincount(of, ~np.isnan(share), len(key))
    mean = np.divide(np.bincount(of, np.nan_to_num(share), len(key)), shares, out=np.full(len(key), UNSTATED), where=shares > 0)
    counts = np.where(affected > 0, (affected + 1) / (looked_for + 2), 0)
    frequency = np.minimum(np.where(looked_for > 0, counts, mean), MAX_FREQUENCY).astype(np.float32)
    key, frequency = key[frequency > 0], frequency[frequency > 0]
    return sparse.csr_matrix((frequency, (key // count, key % count)), shape=(len(data.diseases), count))


def pooled(frequency: Sparse, counterpart: Int32) -> Sparse:
    """Pool each disease with its counterpart: the mean of both frequencies, or the one that there is.

    Args:
        frequency: Sparse float32 [D, T].
        counterpart: int32 [D], -1 for none.

    Returns:
        Sparse float32 [D, T] in CSR format.
    """
    paired = np.flatnonzero(counterpart >= 0)
    chosen = sparse.csr_matrix(
        (np.ones(len(paired), np.float32), (paired, counterpart[paired])), shape=(len(counterpart), len(counterpart))
    )
    present = frequency.copy()
    present.data = np.ones_like(present.data)
    total, number = frequency + chosen @ frequency, present + chosen @ present
    total.sort_indices()
    number.sort_indices()
    total.data = total.data / number.data
    return total.astype(np.float32)


def _mean(frequency: Sparse) -> npt.NDArray[np.float64]:
    return np.asarray(frequency.mean(axis=0, dtype=np.float64)).ravel()
