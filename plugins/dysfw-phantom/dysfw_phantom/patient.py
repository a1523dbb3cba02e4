"""A patient: identity and morphology, independent of images, skin and hair."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from .axes import SIDE, Axis, axes, traits
from .terms import terms as known_terms

EXCLUDED = 0.25  # of the natural variation towards a sign that a patient does not have
OPPOSED = 0.25  # of the natural variation against a sign that a patient has, in specs of version 2
LIMIT = 2.5  # standard deviations; larger natural variation is redrawn
ANCESTRIES = ("african", "asian", "caucasian")


@dataclass(frozen=True)
class Patient:
    """A synthetic person.

    Attributes:
        id: Name of the patient.
        seed: Random seed of the patient.
        age: Age in years.
        sex: From 0 (female) to 1 (male).
        ancestry: Mixture of MakeHuman's three base shapes in the order of ``ANCESTRIES``; sums to 1. The names are those that
            MakeHuman gives to three meshes. They do not describe people, and skin tone is independent of them.
        axes: Value on each axis, in standard deviations.
        traits: Identity traits, in standard deviations, and ``SIDE``.
        terms: Severity of each term that is present, in standard deviations, by HPO id.
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
    """Create a patient with average values on all axes and traits except those given.

    Args:
        values: Values of axes and traits, in standard deviations.
        age: Age in years.
        sex: From 0 (female) to 1 (male).
        side: Side of one-sided axes: 1 is the subject's left, -1 the right.

    Returns:
        The patient.
    """
    given = dict(values or {})
    even, others = ({name: given.pop(name, 0.0) for name in known} for known in (axes(), traits()))
    return Patient("average", 0, age, sex, (1 / 3, 1 / 3, 1 / 3), even | given, others | {SIDE: side}, {})


def _natural(rng: np.random.Generator, axis: Axis, variation: float) -> float:
    """Draw the natural variation on one axis, a normal deviate truncated at LIMIT."""
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
    age: float | None = None,
    sex: float | None = None,
    excluded: Collection[str] = (),
    version: int = 1,
) -> Patient:
    """Sample a patient with natural variation and the given terms.

    Args:
        rng: Source of randomness.
        id: Name of the patient.
        terms: Severity of each term that is present, in standard deviations, by HPO id; added to the value of its axis.
        ages: Range of the age in years. The logarithm of the age is uniform, so that children and adults are equally frequent.
        variation: Factor on the natural variation.
        age: Age in years, if it is not to be sampled.
        sex: From 0 (female) to 1 (male), if it is not to be sampled.
        excluded: HPO ids of terms that must not be visible.
        version: Version of the spec: there is no natural variation on axes of later versions.

    Returns:
        The patient.

    Raises:
        KeyError: A term is unknown; see ``terms.find_term``.
    """
    present = dict(terms or {})
    seed = int(rng.integers(2**31))
    low, high = np.log(ages)
    # Always drawn, so that what is known of a patient does not change the rest.
    drawn_age, drawn_sex = float(np.exp(rng.uniform(low, high))), float(rng.integers(2))
    age, sex = drawn_age if age is None else age, drawn_sex if sex is None else sex
    african, asian, caucasian = (float(x) for x in rng.dirichlet([0.6, 0.6, 0.6]))
    values = {axis.name: _natural(rng, axis, variation) for axis in axes().values() if axis.version == 1}
    others = {trait.name: _natural(rng, trait, variation) for trait in traits().values()}
    others[SIDE] = float(2 * rng.integers(2) - 1)
    for axis in axes().values():
        if axis.version > 1:  # a generator of its own, so that more axes change nothing else
            own = np.random.default_rng([seed, zlib.crc32(axis.name.encode())])
            values[axis.name] = _natural(own, axis, variation) if axis.version <= version else 0.0
    for term in map(known_terms().__getitem__, excluded):
        varied = values if term.axis in values else others
        if varied[term.axis] * term.sign > 0:
            varied[term.axis] *= EXCLUDED
    opposed = {known_terms()[id_].axis: known_terms()[id_].sign for id_ in present} if version > 1 else {}
    for name, sign in opposed.items():  # a sign that is observed can be seen
        varied = values if name in values else others
        if varied[name] * sign < 0:
            varied[name] *= OPPOSED
    for id_, severity in present.items():
        term = known_terms()[id_]
        varied = values if term.axis in values else others
        varied[term.axis] += term.sign * severity
    return Patient(id, seed, age, sex, (african, asian, caucasian), values, others, present)
