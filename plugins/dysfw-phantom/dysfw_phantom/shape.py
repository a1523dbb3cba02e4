"""Shape of a patient's head with one expression."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np

from dysfw.plugin import Float32

from .axes import SIDE, Weights, axes, traits
from .expression import unit_weights
from .mesh import HeadMesh, Int32, Morph, Part
from .morph_bank import MorphBank, build_morph_bank
from .patient import ANCESTRIES, Patient

KNOTS = ((1.0, "baby"), (9.0, "child"), (18.0, "young"), (30.0, "young"), (90.0, "old"))  # years; interpolated linearly
SOFT_LIMIT = 4.5  # standard deviations: maximum effect of an axis


def soft_limit(value: float) -> float:
    """Compress large values smoothly: linear from -2 to 2, about 2.9 at 3, and never beyond ``SOFT_LIMIT``.

    Args:
        value: Value on an axis, in standard deviations.

    Returns:
        The compressed value.
    """
    return float(value / (1 + (abs(value) / SOFT_LIMIT) ** 4) ** 0.25)


def age_weights(age: float) -> dict[str, float]:
    """Compute the mixture of MakeHuman's four ages.

    Args:
        age: Age in years.

    Returns:
        Positive weights by name; they sum to 1.
    """
    years = [year for year, _ in KNOTS]
    position = float(np.interp(age, years, range(len(years))))
    first = min(int(position), len(KNOTS) - 2)
    weights = {name: 0.0 for _, name in KNOTS}
    weights[KNOTS[first][1]] += 1 - (position - first)
    weights[KNOTS[first + 1][1]] += position - first
    return {name: weight for name, weight in weights.items() if weight > 0}


@cache
def _face_vertices(head: HeadMesh) -> Int32:
    """Return the skin vertices of the face, which determine the size of a head."""
    skin = head.vertices_of(Part.SKIN)
    points = head.vertices[skin]
    face: Int32 = skin[(points[:, 2] > -0.6) & (np.linalg.norm(points, axis=1) < 1.2)]
    return face


def _rms_size(points: Float32) -> float:
    return float(np.sqrt(np.mean(np.sum(points * points, axis=1))))


def _combine(head: HeadMesh, weights: Weights) -> Morph:
    """Combine weighted morphs into one."""
    total = np.zeros_like(head.vertices)
    for name, weight in weights.items():
        morph = head.morphs[name]
        total[morph.indices] += np.float32(weight) * morph.offsets
    moved = np.flatnonzero(total.any(axis=1)).astype(np.int32)
    return Morph(moved, total[moved])


@cache
def _bank(head: HeadMesh) -> MorphBank:
    """Return the base shapes, the face units, and each end of each axis and trait as one row "NAME END"."""
    morphs = [(name, morph) for name, morph in head.morphs.items() if name.startswith(("base-", "unit-"))]
    for axis in (*axes().values(), *traits().values()):
        morphs += [(f"{axis.name} {end}", _combine(head, weights)) for end, weights in axis.ends.items()]
    return build_morph_bank(morphs)


def _base(patient: Patient) -> dict[str, float]:
    """Return the weights of the base shapes for the patient's age, sex and mixture."""
    return {
        f"base-{ancestry}-{sex}-{age}": age_weight * sex_weight * fraction
        for age, age_weight in age_weights(patient.age).items()
        for sex, sex_weight in (("female", 1 - patient.sex), ("male", patient.sex))
        for ancestry, fraction in zip(ANCESTRIES, patient.ancestry, strict=True)
        if age_weight * sex_weight * fraction > 0
    }


def shape(head: HeadMesh, patient: Patient, expression: Mapping[str, float]) -> Float32:
    """Compute the shape of a patient's head.

    Axes, traits and expressions scale with the size of the head. A facial palsy weakens the expression on its side.

    Args:
        head: The head mesh.
        patient: The patient.
        expression: Strength of each expression, 0 to 1; see ``expression.EXPRESSIONS``.

    Returns:
        Vertices, float32 [V, 3], dm, relative to the midpoint between the centres of the eyeballs.

    Raises:
        KeyError: An axis, trait or expression is unknown.
    """
    vertices, rows, face = head.vertices.copy(), _bank(head), _face_vertices(head)
    rows.add(vertices, _base(patient))
    size = _rms_size(vertices[face]) / _rms_size(head.vertices[face])
    side = patient.traits[SIDE]
    palsy, hypomimia = patient.axes.get("facial palsy", 0.0), patient.axes.get("decreased facial expression", 0.0)
    weights = unit_weights(expression, palsy, side, hypomimia)
    for known, values in ((axes(), patient.axes), (traits(), patient.traits)):
        for name, value in values.items():
            if value and name != SIDE and not known[name].drawn:
                weights[f"{name} {known[name].end(value, side)}"] = abs(soft_limit(value))
    rows.add(vertices, {name: size * weight for name, weight in weights.items()})
    right, left = (head.eyeball(part, vertices).centre for part in (Part.EYE_RIGHT, Part.EYE_LEFT))
    vertices -= (right + left) / 2
    return vertices
