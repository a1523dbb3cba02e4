"""Finds what is known of conditions: of the annotated diseases that their identifiers name, or of training patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from dysfw.plugin import ConditionIds

from .data import HpoData
from .learned import LearnedFrequencies
from .likelihood import Likelihood
from .profiles import Profiles


@dataclass(frozen=True, slots=True, eq=False)
class KnownConditions:
    """What is known of K conditions.

    Attributes:
        likelihood: Of the conditions that are known.
        known: bool [K].
    """

    likelihood: Likelihood
    known: npt.NDArray[np.bool_]


def diseases_of(condition: ConditionIds, data: HpoData, profiles: Profiles) -> list[int]:
    """Find the annotated diseases of a condition.

    Args:
        condition: The condition. If it has no identifiers, its label may be one.
        data: The release.
        profiles: Its profiles.

    Returns:
        Positions of the diseases, one for each that OMIM and Orphanet both describe.
    """
    found: list[int] = []
    for id in condition.identifiers or (condition.label,):
        number = data.diseases.position.get(id.strip().upper())
        if number is not None and profiles.known[number] and not {number, int(profiles.counterpart[number])} & set(found):
            found.append(number)
    return found


def find_conditions(
    conditions: Sequence[ConditionIds],
    data: HpoData,
    profiles: Profiles,
    learned: LearnedFrequencies,
    *,
    annotated: bool = True,
) -> KnownConditions:
    """Find what is known of conditions.

    Of a condition with several diseases, such as the subtypes of a syndrome, the mean of their frequencies counts.

    Args:
        conditions: K conditions.
        data: The release.
        profiles: The D diseases of the release.
        learned: The L conditions that were learned from training patients, for those without an annotated disease.
        annotated: Whether annotated diseases count.

    Returns:
        What is known of them.
    """
    rows = learned.known()
    count = len(data.diseases)
    sources = [diseases_of(one, data, profiles) if annotated else [] for one in conditions]
    for own, one in zip(sources, conditions, strict=True):
        if not own and one.label in rows:
            own.append(count + rows[one.label])
    known = np.array([bool(own) for own in sources], bool)
    used = [own for own in sources if own]
    row = np.repeat(np.arange(len(used)), [len(own) for own in used])
    share = np.repeat([1 / len(own) for own in used], [len(own) for own in used]).astype(np.float32)
    column = np.array([one for own in used for one in own], np.int64)
    ontology = data.ontology
    choice = sparse.csr_matrix((share, (row, column)), shape=(len(used), count + len(learned.labels)))
    frequency, expected, prior = profiles.frequency, profiles.expected, np.zeros(count, np.float32)
    if learned.labels:
        frequency = sparse.vstack([frequency, learned.frequency(ontology)], format="csr")
        expected = np.concatenate([expected, learned.expected(ontology)])
        prior = np.concatenate([prior, learned.prior()])
    likelihood = Likelihood(
        ontology, choice @ frequency, profiles.background,
        expected=choice @ expected, everyone=profiles.everyone, prior=choice @ prior,
    )  # fmt: skip
    return KnownConditions(likelihood, known)
