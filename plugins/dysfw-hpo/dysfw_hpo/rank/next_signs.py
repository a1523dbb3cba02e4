"""Finds the signs whose examination would tell most about the disease.

The expected information of a sign is the mutual information between its presence and the disease (Lindley, Annals of
Mathematical Statistics 1956;27:986), under the posterior probabilities of the diseases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from dysfw.plugin import Bool, Int64, Sign

from ..ontology import Ontology
from .catalog import Catalog

Float64 = npt.NDArray[np.float64]
NUMBER = 5  # signs that are proposed
MAX_DISEASES = 2000  # the most probable ones; together the others are like any disease
MAX_NAMED = 2  # diseases that speak for and against
MIN_SHARE = 0.002  # of the expected shift of probability: with less, a disease is not worth naming
VAGUE = ("abnormal", "abnormality", "anomalous", "anomaly", "morphological")  # first words of names that ask for no one sign
CERTAIN = 1e-12  # keeps logarithms finite


@dataclass(frozen=True, slots=True)
class NextSign:
    """A sign that is worth examining.

    Attributes:
        id: Its HPO id.
        name: Its name.
        information: Expected information about the disease, bits.
        probability: How probable it is that the patient has it, 0 to 1.
        if_present: Numbers of the diseases that gain most if the patient has it, the first most.
        if_absent: Numbers of those that gain most if the patient does not have it.
    """

    id: str
    name: str
    information: float
    probability: float
    if_present: tuple[int, ...]
    if_absent: tuple[int, ...]


def next_signs(catalog: Catalog, posterior: Float64, signs: Sequence[Sign], number: int = NUMBER) -> list[NextSign]:
    """Find the most informative signs that were not assessed.

    Signs that follow from assessed ones are left out: those above an observed sign, and those below an excluded one. So are
    terms that no disease is annotated with, vague ones such as "Abnormality of the nose", and those above or below a more
    informative one. A sign that is not annotated for a disease has the frequency that it has in all diseases.

    Args:
        catalog: The C diseases.
        posterior: float64 [C], sum 1, the probabilities of the diseases.
        signs: The signs of the record.
        number: Number of signs to propose.

    Returns:
        The signs, the most informative first.
    """
    top = np.argsort(-posterior, kind="stable")[:MAX_DISEASES]
    top = top[posterior[top] > 0]
    ontology, profiles = catalog.data.ontology, catalog.profiles
    candidates = np.flatnonzero(_candidates(catalog, signs))
    background = np.clip(profiles.background[candidates].astype(np.float64), CERTAIN, 1 - CERTAIN)
    frequency = profiles.frequency[catalog.first[top]][:, candidates].tocsc().astype(np.float64)
    column = np.repeat(np.arange(len(candidates)), np.diff(frequency.indptr))
    present = np.clip(np.maximum(frequency.data, background[column]), CERTAIN, 1 - CERTAIN)
    weight = posterior[top][frequency.indices]
    mean = background + np.bincount(column, weight * (present - background[column]), len(candidates))
    # The expected entropy is that of the background, but for the diseases that are annotated with the sign.
    change = np.bincount(column, weight * (_entropy(present) - _entropy(background)[column]), len(candidates))
    information = _entropy(mean) - _entropy(background) - change
    best = _unrelated(ontology, candidates, information, number)
    shift = sparse.csc_matrix((present - background[column], frequency.indices, frequency.indptr), shape=frequency.shape)
    chosen, found = posterior[top], []
    for one in best:
        # How much probability a disease gains if the sign is there, times the probability of the sign.
        gain = chosen * (background[one] + shift[:, [one]].toarray().ravel() - mean[one])
        term = int(candidates[one])
        if_present, if_absent = _first(gain, top), _first(-gain, top)
        found.append(
            NextSign(ontology.ids[term], ontology.names[term], float(information[one]), float(mean[one]), if_present, if_absent)
        )
    return found


def _unrelated(ontology: Ontology, candidates: Int64, information: Float64, number: int) -> list[int]:
    """The most informative candidates, without those above or below a better one, which ask for about the same."""
    chosen: list[int] = []
    for one in np.argsort(-information, kind="stable").tolist():
        if len(chosen) == number or information[one] <= CERTAIN:
            break
        term = int(candidates[one])
        if not any(
            term in ontology.ancestor_positions(int(candidates[other]))
            or int(candidates[other]) in ontology.ancestor_positions(term)
            for other in chosen
        ):
            chosen.append(one)
    return chosen


def _first(gain: Float64, diseases: Int64) -> tuple[int, ...]:
    """The diseases that gain most, the first most."""
    order = np.argsort(-gain, kind="stable")[:MAX_NAMED]
    return tuple(int(diseases[one]) for one in order if gain[one] > MIN_SHARE)


def _candidates(catalog: Catalog, signs: Sequence[Sign]) -> Bool:
    """Which terms may be proposed, bool [T]."""
    ontology = catalog.data.ontology
    rows = catalog.data.diseases.arrays
    allowed = np.zeros(len(ontology), bool)
    allowed[rows["row_term"][rows["row_aspect"] == ord("P")]] = True
    allowed &= ontology.signs & ~_vague(ontology)
    for sign in signs:
        if sign.status == "observed":
            allowed[ontology.ancestor_positions(ontology.position[sign.id])] = False
        else:
            allowed[[ontology.position[id] for id in (sign.id, *ontology.descendants(sign.id))]] = False
    return allowed


def _vague(ontology: Ontology) -> Bool:
    return np.array([name.casefold().startswith(VAGUE) for name in ontology.names])


def _entropy(p: Float64) -> Float64:
    """Entropy of the presence of a sign with probability p, bits."""
    return -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
