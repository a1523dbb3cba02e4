"""Likelihood ratios of signs.

An observed sign q is explained by a disease with probability P(q|d), the annotated frequency of q or a term below it. Authors
describe the same sign more or less precisely, and some signs are a coincidence. The likelihood ratio is therefore a mixture

    LR(q|d) = EXACT P(q|d) / P(q) + sum over ancestors a: w(a) P(a|d) / P(a) + CHANCE,

where P(·) is the mean over diseases, and the weights w(a) halve from level to level; all weights add up to 1.

A disease of which much is known explains any record by some of its many signs. In return, most of them are not mentioned. A
record with n signs is taken to mention each sign that the patient has with a probability of n * MENTIONED, so that a disease
with E expected signs would show none with a probability of exp(-n * MENTIONED * E).

Signs are not independent: a log ratio summed over n signs claims too much, the more the larger n is. It is divided by sqrt(n),
which calibrates records with few and with many signs alike; see docs/explanation/signs.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy import sparse

from .compiled import Sparse
from .ontology import Ontology
from .profiles import MAX_FREQUENCY, FloatArray

EXACT = 0.85  # weight of the sign itself
CHANCE = 0.1  # weight of signs that have nothing to do with the disease
DECAY = 0.5  # of the weights of ancestors, from level to level
MENTIONED = 0.01  # probability that a sign is mentioned, for each sign of the record
MAX_EXCLUDED = 0.95  # frequency; an excluded sign does not exclude a disease


class Likelihood:
    """Likelihood ratios of signs for K conditions.

    Attributes:
        ontology: The T terms.
    """

    def __init__(
        self,
        ontology: Ontology,
        frequency: Sparse,
        background: FloatArray,
        *,
        expected: FloatArray,
        everyone: FloatArray,
        prior: FloatArray,
    ) -> None:
        """Prepare the conditions.

        Args:
            ontology: The T terms.
            frequency: Sparse float32 [K, T], the frequency of each term or one below it.
            background: float32 [T], their mean over diseases.
            expected: float32 [K], the number of annotated signs that a patient has on average.
            everyone: float32 [M], the same of the diseases that the ratio compares with.
            prior: float32 [K], how much of its frequencies a condition has from the mean over diseases, beside ``frequency``.
        """
        self.ontology = ontology
        self._expected, self._everyone = expected, everyone
        self._chance = (CHANCE + (1 - CHANCE) * prior).astype(np.float32)
        self._background = background
        # By columns: a record needs those of a few hundred terms.
        self._ratios = frequency.multiply(1 / background).tocsc().astype(np.float32)
        self._absent = frequency.tocsc(copy=True)
        self._absent.data = np.log1p(-np.minimum(self._absent.data, MAX_EXCLUDED))

    def observed(self, terms: Sequence[int]) -> FloatArray:
        """Compute the log ratios of observed signs.

        Args:
            terms: Positions of Q terms.

        Returns:
            float32 [Q, K].
        """
        columns = [ancestor_weights(self.ontology, term) for term in terms]
        column = np.repeat(np.arange(len(terms)), [len(positions) for positions, _ in columns])
        position = np.array([one for positions, _ in columns for one in positions], np.int32)
        weight = np.array([one for _, weights in columns for one in weights], np.float32)
        needed, row = np.unique(position, return_inverse=True)
        mixture = sparse.csc_matrix((weight, (row, column)), shape=(len(needed), len(terms)))
        ratios = (self._ratios[:, needed] @ mixture).toarray().T
        return np.asarray(np.log(ratios + self._chance), np.float32)

    def silence(self, signs: int) -> FloatArray:
        """Compute the log ratio of mentioning none of the condition's other signs.

        Args:
            signs: Number of observed signs of the record; without any, a record is not taken to mention signs at all.

        Returns:
            float32 [K].
        """
        rate = MENTIONED * signs
        everywhere = np.log(np.exp(-rate * self._everyone).mean()) if len(self._everyone) else 0.0
        return np.asarray(-rate * self._expected - everywhere, np.float32)

    def excluded(self, terms: Sequence[int]) -> FloatArray:
        """Compute the log ratios of excluded signs.

        Args:
            terms: Positions of Q terms.

        Returns:
            float32 [Q, K].
        """
        absent: FloatArray = self._absent[:, list(terms)].toarray().T
        expected = np.log1p(-np.minimum(self._background[list(terms)], MAX_FREQUENCY))
        return (absent - expected[:, None]).astype(np.float32)


@lru_cache(maxsize=20_000)
def ancestor_weights(ontology: Ontology, term: int) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Weigh a term and its ancestors for the mixture.

    Args:
        ontology: The terms.
        term: Position of the term.

    Returns:
        Positions and weights of the term and A ancestors, which add up to 1 - CHANCE if it has ancestors.
    """
    levels = _levels(ontology, term)
    shares = {level: DECAY**level for level in levels if level}
    total = sum(shares.values())
    positions, values = [term], [EXACT]
    for level, share in shares.items():
        for ancestor in levels[level]:
            positions.append(ancestor)
            values.append((1 - EXACT - CHANCE) * share / total / len(levels[level]))
    return tuple(positions), tuple(values)


def _levels(ontology: Ontology, term: int) -> dict[int, list[int]]:
    """The signs above a term, by their distance."""
    distance, border = {term: 0}, [term]
    while border:
        above = dict.fromkeys(parent for one in border for parent in ontology.parent_positions(one) if ontology.signs[parent])
        border = [one for one in above if one not in distance]
        level = max(distance.values()) + 1
        distance.update((one, level) for one in border)
    levels: dict[int, list[int]] = defaultdict(list)
    for one, level in distance.items():
        levels[level].append(one)
    return levels
