"""Which signs of a condition one face shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .candidates import Candidate
from .opposites import ADULT, OF_ADULTS, exclude

TYPICAL = 0.5  # frequency from which on the most typical face shows a sign
DRAWS = 100  # of a face; then the most frequent sign alone is shown


def choose(candidates: Sequence[Candidate], number: int, age: float, rng: np.random.Generator) -> tuple[Candidate, ...]:
    """Choose the signs of a face.

    Args:
        candidates: The signs that can be drawn, the most frequent first.
        number: 0 for the most typical face: every sign that at least half of the patients have, or the most frequent one. For
            other numbers each sign is drawn with its frequency.
        age: Age in years.
        rng: Source of randomness.

    Returns:
        Signs that do not exclude each other, at least one, in the order of ``candidates``; empty if there is none.
    """
    possible = [one for one in candidates if age >= ADULT or OF_ADULTS.isdisjoint(one.terms)]
    if not possible:
        return ()
    if number == 0:
        chosen = _undisputed([one for one in possible if one.frequency >= TYPICAL])
        return chosen or (possible[0],)
    frequencies = np.array([one.frequency for one in possible])
    for _ in range(DRAWS):
        has = np.flatnonzero(rng.random(len(possible)) < frequencies)
        # Of signs that exclude each other, one stays: the more often, the more frequent it is.
        waiting = rng.exponential(1 / frequencies)
        kept: list[int] = []
        for index in sorted(has, key=lambda index: float(waiting[index])):
            if not any(exclude(possible[index].terms, possible[other].terms) for other in kept):
                kept.append(int(index))
        if kept:
            return tuple(possible[index] for index in sorted(kept))
    return (possible[0],)


def _undisputed(frequent: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Of signs that exclude each other, keep the most frequent one; of equally frequent ones none."""
    kept: list[Candidate] = []
    for one in frequent:
        rivals = [other for other in frequent if other is not one and exclude(one.terms, other.terms)]
        if all(one.frequency > other.frequency or not _stands(other, frequent) for other in rivals):
            kept.append(one)
    return tuple(kept)


def _stands(one: Candidate, frequent: Sequence[Candidate]) -> bool:
    """Whether no more frequent sign excludes this one."""
    return not any(other.frequency > one.frequency and exclude(one.terms, other.terms) for other in frequent)
