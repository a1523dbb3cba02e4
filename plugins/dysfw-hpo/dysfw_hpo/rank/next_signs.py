"""Finds the signs whose examination is expected to make the ranking clearer.

The gain of a sign is the expected loss of entropy of the diseases (Lindley, Annals of Mathematical Statistics 1956;27:986), as
this ranking would change: a present sign joins the record, after which log ratios are divided by the root of a higher number,
and an absent one counts with the weight of excluded signs. Ranking again for each of thousands of terms takes too long, so
that candidates are chosen first by the mutual information between the sign and the disease, which knows nothing of this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dysfw.plugin import Bool, Int64, PatientRecord, Sign

from ..ontology import Ontology
from .catalog import Catalog
from .of_one_sex import of_other_sex

Float64 = npt.NDArray[np.float64]
NUMBER = 5  # signs that are proposed
RANKED_AGAIN = 60  # candidates for whom the ranking is computed for either answer
MAX_DISEASES = 2000  # the most probable ones; together the others are like any disease
MAX_NAMED = 2  # diseases that speak for and against
MIN_GAIN = 0.005  # bits; less is shown as 0.00
MIN_SHARE = 0.002  # of the expected shift of probability: with less, a disease is not worth naming
VAGUE = ("abnormal", "abnormality", "anomalous", "anomaly", "morphological")  # first words of names that ask for no one sign
CERTAIN = 1e-12  # keeps logarithms finite
Rerank = Callable[[Sequence[PatientRecord]], Float64]


@dataclass(frozen=True, slots=True)
class NextSign:
    """A sign that is worth examining.

    Attributes:
        id: Its HPO id.
        name: Its name.
        information: Expected loss of the entropy of the diseases, bits.
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


def next_signs(
    catalog: Catalog,
    posterior: Float64,
    signs: Sequence[Sign],
    rerank: Rerank,
    number: int = NUMBER,
    *,
    sex: str | None = None,
) -> list[NextSign]:
    """Find the signs that were not assessed, and that are expected to make the ranking clearest.

    Signs that follow from assessed ones are left out: those above an observed sign, and those below an excluded one. So are
    terms that no disease is annotated with, vague ones such as "Abnormality of the nose", those above or below a better one,
    signs of the other sex, and signs from which no gain is expected. A sign that is not annotated for a disease has the
    frequency that it has in all diseases.

    Args:
        catalog: The C diseases.
        posterior: float64 [C], sum 1, the probabilities of the diseases.
        signs: The signs of the record.
        rerank: Returns the probabilities of the diseases, float64 [N, C], for N records with other signs.
        number: Number of signs to propose.
        sex: The patient's sex, "female" or "male", if it is known.

    Returns:
        The signs, the best first.
    """
    terms, probability = _candidates(catalog, posterior, signs, sex)
    if not len(terms):
        return []
    ontology = catalog.data.ontology
    ids = [ontology.ids[term] for term in terms.tolist()]
    present, absent = (rerank([_with(signs, id, observed) for id in ids]) for observed in (True, False))
    gain = _entropy(posterior) - probability * _entropy(present) - (1 - probability) * _entropy(absent)
    return [
        NextSign(
            ids[one],
            ontology.name(ids[one]),
            float(gain[one]),
            float(probability[one]),
            _first(probability[one] * (present[one] - posterior)),
            _first((1 - probability[one]) * (absent[one] - posterior)),
        )
        for one in _unrelated(ontology, terms, gain, number)
    ]


def _candidates(catalog: Catalog, posterior: Float64, signs: Sequence[Sign], sex: str | None) -> tuple[Int64, Float64]:
    """The terms with the highest mutual information with the disease, and how probable each is."""
    top = np.argsort(-posterior, kind="stable")[:MAX_DISEASES]
    top = top[posterior[top] > 0]
    profiles = catalog.profiles
    terms = np.flatnonzero(_allowed(catalog, signs, sex))
    background = np.clip(profiles.background[terms].astype(np.float64), CERTAIN, 1 - CERTAIN)
    frequency = profiles.frequency[catalog.first[top]][:, terms].tocsc().astype(np.float64)
    column = np.repeat(np.arange(len(terms)), np.diff(frequency.indptr))
    present = np.clip(np.maximum(frequency.data, background[column]), CERTAIN, 1 - CERTAIN)
    weight = posterior[top][frequency.indices]
    mean = background + np.bincount(column, weight * (present - background[column]), len(terms))
    # The expected entropy is that of the background, but for the diseases that are annotated with the sign.
    change = np.bincount(column, weight * (_of_sign(present) - _of_sign(background)[column]), len(terms))
    information = _of_sign(mean) - _of_sign(background) - change
    best = np.argsort(-information, kind="stable")[:RANKED_AGAIN]
    best = best[information[best] > CERTAIN]
    return terms[best], _probability(catalog, posterior, terms[best])


def _probability(catalog: Catalog, posterior: Float64, terms: Int64) -> Float64:
    """How probable each of some terms is for the patient, from all diseases."""
    profiles = catalog.profiles
    background = profiles.background[terms].astype(np.float64)
    frequency = profiles.frequency[:, terms][catalog.first].tocoo()
    more = np.maximum(frequency.data - background[frequency.col], 0)
    mean = background + np.bincount(frequency.col, posterior[frequency.row] * more, len(terms))
    return np.asarray(np.clip(mean, CERTAIN, 1 - CERTAIN))


def _with(signs: Sequence[Sign], id: str, observed: bool) -> PatientRecord:
    """A record with one more sign."""
    present = [sign.id for sign in signs if sign.status == "observed"]
    absent = [sign.id for sign in signs if sign.status == "excluded"]
    (present if observed else absent).append(id)
    return PatientRecord(tuple(present), tuple(absent))


def _unrelated(ontology: Ontology, terms: Int64, gain: Float64, number: int) -> list[int]:
    """The best candidates, without those above or below a better one, which ask for about the same."""
    chosen: list[int] = []
    for one in np.argsort(-gain, kind="stable").tolist():
        if len(chosen) == number or gain[one] < MIN_GAIN:
            break
        term = int(terms[one])
        if not any(
            term in ontology.ancestor_positions(int(terms[other])) or int(terms[other]) in ontology.ancestor_positions(term)
            for other in chosen
        ):
            chosen.append(one)
    return chosen


def _first(gain: Float64) -> tuple[int, ...]:
    """The diseases that gain most, the first most."""
    worth = np.flatnonzero(gain > MIN_SHARE)
    return tuple(worth[np.argsort(-gain[worth], kind="stable")[:MAX_NAMED]].tolist())


def _allowed(catalog: Catalog, signs: Sequence[Sign], sex: str | None) -> Bool:
    """Which terms may be proposed, bool [T]."""
    ontology = catalog.data.ontology
    rows = catalog.data.diseases.arrays
    allowed = np.zeros(len(ontology), bool)
    allowed[rows["row_term"][rows["row_aspect"] == ord("P")]] = True
    allowed &= ontology.signs & ~_vague(ontology) & ~of_other_sex(ontology, sex)
    for sign in signs:
        if sign.status == "observed":
            allowed[ontology.ancestor_positions(ontology.position[sign.id])] = False
        else:
            allowed[[ontology.position[id] for id in (sign.id, *ontology.descendants(sign.id))]] = False
    return allowed


@lru_cache(maxsize=4)
def _vague(ontology: Ontology) -> Bool:
    return np.array([name.casefold().startswith(VAGUE) for name in ontology.names])


def _of_sign(p: Float64) -> Float64:
    """Entropy of the presence of a sign with probability p, bits."""
    return -(p * np.log2(p) + (1 - p) * np.log2(1 - p))


def _entropy(posterior: Float64) -> Float64:
    """Entropy of the diseases, bits; of each row if there are several."""
    return np.asarray(-(posterior * np.log2(np.maximum(posterior, np.finfo(np.float64).tiny))).sum(axis=-1))
