"""A patient: identity and morphology, apart from any photograph and from skin and hair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .axes import SIDE, Axis, axes, traits
from .terms import terms as known_terms

LIMIT = 2.5  # SD; natural variation beyond it is drawn again
ANCESTRIES = ("african", "asian", "caucasian")


@dataclass(frozen=True)
class Patient:
    """One person.

    age in years; sex 0 (female) to 1 (male). ancestry: the mixture (sums to 1) of MakeHuman's three base shapes, in the order
    of ANCESTRIES; those are its authors' names for three meshes and say nothing about people; skin tone does not follow them.
    axes: every axis in standard deviations. traits: further identity, and SIDE. terms: HPO id -> severity in standard
    deviations, only terms that are present.
    """

    id: str
    seed: int
    age: float
    sex: float
    ancestry: tuple[float, float, float]
    axes: Mapping[str, float]
    traits: Mapping[str, float]
    terms: Mapping[str, float]


def average_patient(
    values: Mapping[str, float] | None = None, *, age: float = 24.0, sex: float = 0.5, side: float = 1.0
) -> Patient:
    """Nobody in particular: the middle of every axis and trait but for the axes given, to look at one of them alone."""
    even, others = dict.fromkeys(axes(), 0.0), dict.fromkeys(traits(), 0.0)
    return Patient("average", 0, age, sex, (1 / 3, 1 / 3, 1 / 3), even | dict(values or {}), others | {SIDE: side}, {})


def _natural(rng: np.random.Generator, axis: Axis, variation: float) -> float:
    """A deviate for one axis, normal within LIMIT."""
    value = rng.standard_normal()
    while abs(value) > LIMIT:
        value = rng.standard_normal()
    return float(variation * {"both": value, "positive": abs(value), "none": 0.0}[axis.natural])


def sample_patient(
    rng: np.random.Generator,
    id: str,
    terms: Mapping[str, float] | None = None,
    *,
    ages: tuple[float, float] = (2.0, 70.0),
    variation: float = 1.0,
) -> Patient:
    """A patient with natural variation (times `variation`), and each term's severity (SD) added on its axis.

    ages: the range in years; the logarithm of the age is uniform in it, so that children are as many as adults.
    Raises KeyError for a term that no axis has (see terms.find_term).
    """
    present = dict(terms or {})
    seed = int(rng.integers(2**31))
    low, high = np.log(ages)
    age, sex = float(np.exp(rng.uniform(low, high))), float(rng.integers(2))
    african, asian, caucasian = (float(x) for x in rng.dirichlet([0.6, 0.6, 0.6]))
    values = {axis.name: _natural(rng, axis, variation) for axis in axes().values()}
    others = {trait.name: _natural(rng, trait, variation) for trait in traits().values()}
    others[SIDE] = float(2 * rng.integers(2) - 1)
    for id_, severity in present.items():
        term = known_terms()[id_]
        values[term.axis] += term.sign * severity
    return Patient(id, seed, age, sex, (african, asian, caucasian), values, others, present)
