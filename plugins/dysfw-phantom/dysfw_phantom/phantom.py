"""Makes phantoms: a patient and their looks once, then as many photographs as wanted, all by seed and number."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from dysfw.plugin import Bool, Float32, UInt8

from .condition import Condition, sample_terms
from .effects import Effects, apply_effects
from .mesh import load_head
from .patient import Patient, sample_patient
from .render.appearance import Appearance, sample_appearance
from .render.capture import Capture, sample_capture
from .render.render import render
from .render.skin import to_linear
from .seeds import Stream, generator
from .shape import shape
from .spec import RandomTerms
from .terms import find_term
from .terms import terms as known_terms


@dataclass(frozen=True, slots=True)
class Phantom:
    """A patient and what they look like. number: of the patient, which with the seed all else is drawn from."""

    seed: int
    number: int
    patient: Patient
    appearance: Appearance


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A photograph of a phantom. pixels uint8 [H, W, 3]; vertices float32 [V, 3], the shape in dm; points float32 [V, 2], where
    each vertex is in the picture, px; visible bool [V]."""

    photograph: Capture
    pixels: UInt8
    vertices: Float32
    points: Float32
    visible: Bool


def make_phantom(
    condition: Condition,
    seed: int,
    number: int,
    name: str = "",
    *,
    severity: float = 1.0,
    natural_variation: float = 1.0,
    age: tuple[float, float] | None = None,
    random_terms: RandomTerms | None = None,
) -> Phantom:
    """A patient of a condition. severity, natural_variation: factors; age: in place of the condition's, years; random_terms: in
    addition to its own."""
    rng = generator(seed, number, Stream.PATIENT)
    terms = sample_terms(condition, rng, severity)
    if random_terms:
        terms |= _random_terms(random_terms, set(terms), rng, severity)
    patient = sample_patient(rng, name, terms, ages=age or condition.age, variation=natural_variation)
    looks = sample_appearance(generator(seed, number, Stream.APPEARANCE), patient.age, patient.sex)
    return Phantom(seed, number, patient, looks)


def _random_terms(wanted: RandomTerms, taken: set[str], rng: np.random.Generator, severity: float) -> dict[str, float]:
    """Terms of axes that are still free, one of each axis."""
    busy = {find_term(term).axis for term in taken}
    ends: dict[str, list[str]] = {}
    for term in known_terms().values():
        if term.axis not in busy:
            ends.setdefault(term.axis, []).append(term.id)
    axes = list(ends)
    number = min(int(rng.integers(*wanted.count, endpoint=True)), len(axes))
    drawn: dict[str, float] = {}
    for axis in rng.permutation(len(axes))[:number]:
        terms = ends[axes[axis]]
        drawn[terms[int(rng.integers(len(terms)))]] = severity * float(rng.uniform(*wanted.severity))
    return drawn


def capture(phantom: Phantom, index: int, size: int, effects: Effects | None = None) -> Taken:
    """The phantom's photograph number ``index``. size: px, where the effects do not say otherwise."""
    effects = effects or Effects()
    head = load_head()
    rng = generator(phantom.seed, phantom.number, Stream.IMAGE, index)
    photograph = sample_capture(rng, phantom.patient.age, phantom.patient.sex)
    if effects.background:
        levels = np.array(effects.background, np.float32) / 255
        photograph = dataclasses.replace(photograph, backdrop=tuple(map(float, to_linear(levels))))
    vertices = shape(head, phantom.patient, photograph.expression)
    rendered = render(head, vertices, phantom.patient, phantom.appearance, photograph, effects.size or size)
    pixels = apply_effects(rendered.pixels, effects)
    return Taken(photograph, pixels, vertices, rendered.points + np.float32(effects.border), rendered.visible)
