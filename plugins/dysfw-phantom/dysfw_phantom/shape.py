"""A patient's head: the mesh of one person with one expression."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np

from dysfw.plugin import Float32

from .axes import SIDE, Weights, axes, traits
from .blend import Bank, bank
from .expression import unit_weights
from .mesh import HeadMesh, Int32, Morph, Part
from .patient import ANCESTRIES, Patient

KNOTS = ((1.0, "baby"), (9.0, "child"), (18.0, "young"), (30.0, "young"), (90.0, "old"))  # years; linear between
SOFT_LIMIT = 4.5  # SD; an axis never acts more strongly than this


def soft(value: float) -> float:
    """The value as it acts: linear in -2..2, about 2.9 at 3, and never beyond SOFT_LIMIT."""
    return float(value / (1 + (abs(value) / SOFT_LIMIT) ** 4) ** 0.25)


def age_weights(age: float) -> dict[str, float]:
    """The mixture of MakeHuman's four ages for an age in years."""
    years = [year for year, _ in KNOTS]
    place = float(np.interp(age, years, range(len(years))))
    first = min(int(place), len(KNOTS) - 2)
    weights = {name: 0.0 for _, name in KNOTS}
    weights[KNOTS[first][1]] += 1 - (place - first)
    weights[KNOTS[first + 1][1]] += place - first
    return {name: weight for name, weight in weights.items() if weight > 0}


@cache
def _face(head: HeadMesh) -> Int32:
    """Skin of the face, whose spread measures the size of a head."""
    skin = head.vertices_of(Part.SKIN)
    place = head.vertices[skin]
    near: Int32 = skin[(place[:, 2] > -0.6) & (np.linalg.norm(place, axis=1) < 1.2)]
    return near


def _spread(points: Float32) -> float:
    return float(np.sqrt(np.mean(np.sum(points * points, axis=1))))


def _together(head: HeadMesh, weights: Weights) -> Morph:
    """Several morphs as one."""
    total = np.zeros_like(head.vertices)
    for name, weight in weights.items():
        morph = head.morphs[name]
        total[morph.indices] += np.float32(weight) * morph.offsets
    moved = np.flatnonzero(total.any(axis=1)).astype(np.int32)
    return Morph(moved, total[moved])


@cache
def _bank(head: HeadMesh) -> Bank:
    """The base shapes, the face units, and each end of each axis and trait as one row "NAME END"."""
    found = [(name, morph) for name, morph in head.morphs.items() if name.startswith(("base-", "unit-"))]
    for axis in (*axes().values(), *traits().values()):
        found += [(f"{axis.name} {end}", _together(head, weights)) for end, weights in axis.ends.items()]
    return bank(found)


def _base(patient: Patient) -> dict[str, float]:
    """Weights of the base shapes of the patient's age, sex and mixture."""
    return {
        f"base-{ancestry}-{sex}-{age}": age_weight * sex_weight * share
        for age, age_weight in age_weights(patient.age).items()
        for sex, sex_weight in (("female", 1 - patient.sex), ("male", patient.sex))
        for ancestry, share in zip(ANCESTRIES, patient.ancestry, strict=True)
        if age_weight * sex_weight * share > 0
    }


def shape(head: HeadMesh, patient: Patient, expression: Mapping[str, float]) -> Float32:
    """Vertices float32 [V,3] of the patient's head, in dm about the point midway between the eyeballs' centres.

    expression: name -> 0..1 (see expression.EXPRESSIONS). A facial palsy weakens it on its side. Axes, traits and expressions
    grow with the size of the head. Raises KeyError for an unknown axis, trait or expression.
    """
    vertices, rows, face = head.vertices.copy(), _bank(head), _face(head)
    rows.add(vertices, _base(patient))
    size = _spread(vertices[face]) / _spread(head.vertices[face])
    side = patient.traits[SIDE]
    weights = unit_weights(expression, patient.axes.get("facial palsy", 0.0), side)
    for known, values in ((axes(), patient.axes), (traits(), patient.traits)):
        for name, value in values.items():
            if name != SIDE and not known[name].drawn:
                weights[f"{name} {known[name].end(value, side)}"] = abs(soft(value))
    rows.add(vertices, {name: size * weight for name, weight in weights.items()})
    right, left = (head.eyeball(part, vertices).centre for part in (Part.EYE_RIGHT, Part.EYE_LEFT))
    vertices -= (right + left) / 2
    return vertices
