"""Phantoms and their images, determined by a seed and numbers."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dysfw.plugin import Bool, Float32, UInt8

from .condition import MIN_SEVERITY_FRACTION, Condition, sample_terms
from .effects import Effects, apply_effects
from .mesh import load_head
from .patient import Patient, sample_patient
from .published.patients import PatientRecord
from .render.appearance import Appearance, sample_appearance
from .render.capture import Capture, sample_capture
from .render.render import render
from .render.skin import to_linear
from .seeds import Stream, generator
from .shape import shape
from .spec_config import RandomTerms
from .terms import find_term
from .terms import terms as known_terms

DRAWABLE_AGES = (1.0, 100.0)  # years; the youngest face of the mesh is that of an infant of one year
SEXES = {"female": 0.0, "male": 1.0}
PUBLISHED_SEVERITY = (2.0, 0.6)  # mean and standard deviation; publications do not say how marked a sign is


@dataclass(frozen=True, slots=True)
class Phantom:
    """A synthetic patient.

    Attributes:
        seed: Random seed of the data set.
        number: Number of the patient, which together with the seed determines everything else.
        patient: Identity and morphology.
        appearance: Colours of skin, hair and eyes.
    """

    seed: int
    number: int
    patient: Patient
    appearance: Appearance


@dataclass(frozen=True, slots=True, eq=False)
class RenderedImage:
    """An image of a phantom.

    Attributes:
        capture: Conditions of the image.
        pixels: sRGB image, uint8 [H, W, 3].
        vertices: Shape of the head before posing, float32 [V, 3], dm.
        points: Vertices in the image, float32 [V, 2], px.
        visible: Whether each vertex is visible, bool [V].
    """

    capture: Capture
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
    published: PatientRecord | None = None,
    version: int = 1,
) -> Phantom:
    """Create a patient of a condition.

    Args:
        condition: The condition.
        seed: Random seed of the data set.
        number: Number of the patient.
        name: Name of the patient.
        severity: Factor on the severity of all terms.
        natural_variation: Factor on the natural variation.
        age: Minimum and maximum age in years. Defaults to that of the condition.
        random_terms: Random terms in addition to those of the condition.
        published: Signs, age and sex of a patient, in place of those that would be sampled.
        version: Version of the spec, which determines the axes on which unaffected people vary.

    Returns:
        The phantom.
    """
    rng = generator(seed, number, Stream.PATIENT)
    terms = _published_terms(published.shown, rng, severity) if published else sample_terms(condition, rng, severity)
    if random_terms:
        terms |= _random_terms(random_terms, set(terms), rng, severity, version)
    patient = sample_patient(
        rng, name, terms,
        ages=age or condition.age, variation=natural_variation,
        age=None if published is None or published.age is None else float(np.clip(published.age, *DRAWABLE_AGES)),
        sex=None if published is None else SEXES.get(published.sex or ""),
        excluded=published.not_shown if published else (), version=version,
    )  # fmt: skip
    appearance = sample_appearance(generator(seed, number, Stream.APPEARANCE), patient.age, patient.sex)
    return Phantom(seed, number, patient, appearance)


def _published_terms(shown: Sequence[str], rng: np.random.Generator, severity: float) -> dict[str, float]:
    """Draw how marked the signs of a published patient are. Terms for one end of an axis share its severity."""
    ends = Counter((known_terms()[id].axis, known_terms()[id].sign) for id in shown)
    drawn = np.maximum(rng.normal(*PUBLISHED_SEVERITY, len(shown)), MIN_SEVERITY_FRACTION * PUBLISHED_SEVERITY[0])
    return {
        id: float(severity * value / ends[known_terms()[id].axis, known_terms()[id].sign])
        for id, value in zip(shown, drawn, strict=True)
    }


def _random_terms(
    config: RandomTerms, present: set[str], rng: np.random.Generator, severity: float, version: int
) -> dict[str, float]:
    """Draw terms of axes that no present term uses, at most one of each axis, which the version of the spec knows."""
    used = {find_term(term).axis for term in present}
    ends: dict[str, list[str]] = {}
    for term in known_terms().values():
        if term.axis not in used and term.version <= version:
            ends.setdefault(term.axis, []).append(term.id)
    free = list(ends)
    number = min(int(rng.integers(*config.count, endpoint=True)), len(free))
    drawn: dict[str, float] = {}
    for axis in rng.permutation(len(free))[:number]:
        terms = ends[free[axis]]
        drawn[terms[int(rng.integers(len(terms)))]] = severity * float(rng.uniform(*config.severity))
    return drawn


def capture(phantom: Phantom, index: int, size: int, effects: Effects | None = None) -> RenderedImage:
    """Render one image of a phantom.

    Args:
        phantom: The phantom.
        index: Number of the image, from 0.
        size: Side of the image, px, unless the effects specify another.
        effects: Effects of the source of the image.

    Returns:
        The image.
    """
    effects = effects or Effects()
    head = load_head()
    rng = generator(phantom.seed, phantom.number, Stream.IMAGE, index)
    sampled = sample_capture(rng, phantom.patient.age, phantom.patient.sex)
    if effects.background:
        levels = np.array(effects.background, np.float32) / np.float32(255)
        sampled = dataclasses.replace(sampled, background_colour=tuple(map(float, to_linear(levels))))
    vertices = shape(head, phantom.patient, sampled.expression)
    rendered = render(head, vertices, phantom.patient, phantom.appearance, sampled, effects.size or size)
    pixels = apply_effects(rendered.pixels, effects)
    return RenderedImage(sampled, pixels, vertices, rendered.points + np.float32(effects.border), rendered.visible)
