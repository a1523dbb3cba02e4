"""The face generator ``phantom``: typical faces of a condition."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dysfw.plugin import ConditionIds, ConditionSign, DysfwError, FaceGenerator, GeneratedFace, Sex, UInt8

from ..condition import MIN_SEVERITY_FRACTION
from ..mesh import load_head
from ..patient import Patient, sample_patient
from ..phantom import DRAWABLE_AGES, SEXES
from ..render.appearance import sample_appearance
from ..render.render import render
from ..seeds import Stream, generator
from ..shape import shape
from ..terms import terms
from .candidates import Candidate, FacialSigns, facial_signs
from .choice import choose
from .opposites import exclude
from .studio import plain, studio

AGES = (3.0, 30.0)  # years: of most patients whose faces are looked at
TYPICAL_AGES = (5.0, 12.0)  # years: of the most typical face, because descriptions are mostly of children
SIZES = (64, 2048)  # px
# Factors on the natural variation: of the most typical face, and of the others. Less than that of people, so that what a face
# shows are the signs.
VARIATION = (0.3, 0.55)
# Annotations do not say how marked a sign is. Many signs make a face unusual although each is mild, and a few are seen only if
# they are marked: severities are multiplied by the square root of USUAL / number of terms, within FACTORS. Chosen by eye.
USUAL, FACTORS = 14, (0.65, 1.3)


class TypicalFaces(FaceGenerator):
    """Draws typical faces of a condition. It keeps nothing between calls."""

    def generate(
        self,
        condition: ConditionIds,
        signs: Sequence[ConditionSign],
        *,
        number: int,
        size: int,
        age: float | None = None,
        sex: Sex | None = None,
    ) -> GeneratedFace | None:
        """Draw a typical face of a condition.

        Args:
            condition: The condition. A shipped phantom condition is drawn by its own definition.
            signs: Its signs, as an ontology knows them.
            number: 0 for the most typical face, which shows all frequent signs; in the others, signs are drawn by their
                frequencies.
            size: Side of the image, 64 to 2048 px. The face is the same in every size.
            age: Age in years; None for any. Below one year, the face is that of an infant of one year.
            sex: None for any.

        Returns:
            The face; None if no sign of the condition can be drawn.

        Raises:
            DysfwError: The number or the size is out of range.
        """
        _check(number, size)
        known = facial_signs(condition, signs, AGES)
        if not known.candidates:
            return None
        seed = _seed(condition)
        rng = generator(seed, number, Stream.SIGNS)
        low, high = np.log(known.ages if number else np.clip(TYPICAL_AGES, *known.ages))
        drawn_age = float(np.exp(rng.uniform(low, high)))  # always drawn, so that a given age changes nothing else
        years = float(np.clip(drawn_age if age is None else age, *DRAWABLE_AGES))
        chosen = choose(known.candidates, number, years, rng)
        if not chosen:
            return None
        face = _Face(seed, number, years, None if sex is None else SEXES[sex])
        patient = _patient(face, known, chosen, rng)
        shown, not_shown = _by_visibility(known, chosen)
        return GeneratedFace(_pixels(face, patient, size), shown, not_shown)


def _check(number: int, size: int) -> None:
    """Refuse what cannot be drawn."""
    if number < 0:
        raise DysfwError(f"the number of a typical face is {number}; numbers start at 0")
    if not SIZES[0] <= size <= SIZES[1]:
        raise DysfwError(f"a typical face cannot be drawn with a side of {size} px; use {SIZES[0]} to {SIZES[1]} px")


def _seed(condition: ConditionIds) -> int:
    """A seed of the condition, the same in every process and for every order of its identifiers."""
    text = "\n".join((condition.label, *sorted(condition.identifiers)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


@dataclass(frozen=True, slots=True)
class _Face:
    """What determines a face: its seed and number, the age in years, and the sex if it is given (0 female, 1 male)."""

    seed: int
    number: int
    age: float
    sex: float | None


def _patient(face: _Face, known: FacialSigns, chosen: Sequence[Candidate], rng: np.random.Generator) -> Patient:
    """Draw a person with the chosen signs; natural variation hardly shows the other signs of the condition."""
    severities = _severities(chosen, face.number, rng)
    factor = 1.0 if known.defined else float(np.clip(np.sqrt(USUAL / len(severities)), *FACTORS))
    ends = {(terms()[id].axis, terms()[id].sign) for id in severities}
    others = {id for one in known.candidates for id in one.terms} | known.absent
    hidden = sorted(id for id in others if (terms()[id].axis, terms()[id].sign) not in ends)
    return sample_patient(
        generator(face.seed, face.number, Stream.PATIENT), "typical",
        {id: factor * value for id, value in severities.items()},
        variation=VARIATION[min(face.number, 1)], age=face.age, sex=face.sex, excluded=hidden, version=2,
    )  # fmt: skip


def _severities(chosen: Sequence[Candidate], number: int, rng: np.random.Generator) -> dict[str, float]:
    """Draw how marked the signs are; in the most typical face, as in the mean. Terms of one end of an axis share it."""
    marked: dict[str, float] = {}
    for one in chosen:
        mean, std = one.severity
        drawn = max(float(rng.normal(mean, std)), MIN_SEVERITY_FRACTION * mean)
        for id in one.terms:
            marked[id] = max(marked.get(id, 0.0), mean if number == 0 else drawn)
    sharing = Counter((terms()[id].axis, terms()[id].sign) for id in marked)
    return {id: value / sharing[terms()[id].axis, terms()[id].sign] for id, value in marked.items()}


def _by_visibility(known: FacialSigns, chosen: Sequence[Candidate]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Divide the facial signs into those that the face shows and the others.

    What is more general than a shown sign is shown, too, unless another contradicts it: "Thin vermilion border" is more general
    than a thin upper lip, but nobody would say it of a face with a thick lower lip.
    """
    visible = frozenset[str]().union(*(one.implied for one in chosen))
    drawn = [id for one in chosen for id in one.terms]
    visible -= {one.id for one in known.candidates if exclude(one.terms, drawn)}
    shown = tuple(name for id, name in known.names.items() if id in visible)
    return shown, tuple(name for id, name in known.names.items() if id not in visible)


def _pixels(face: _Face, patient: Patient, size: int) -> UInt8:
    """Render the person: sRGB, uint8 [size, size, 3]."""
    head = load_head()
    appearance = plain(sample_appearance(generator(face.seed, face.number, Stream.APPEARANCE), patient.age, patient.sex))
    view = studio(generator(face.seed, face.number, Stream.IMAGE), patient.age, patient.sex)
    return render(head, shape(head, patient, view.expression), patient, appearance, view, size).pixels
