"""How signs that no morph shows change what the renderer draws of a patient: eyes, lashes and hair.

All of them are applied here, before rendering; the eyebrows have a file of their own (``brows.py``).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dysfw_phantom.axes import SIDE
from dysfw_phantom.render.appearance import IRIS, Appearance, Colour
from dysfw_phantom.render.capture import Capture

if TYPE_CHECKING:
    from dysfw_phantom.patient import Patient

SCLERA: Colour = (0.46, 0.42, 0.39)  # linear RGB
BLUE_SCLERA: Colour = (0.27, 0.37, 0.56)
BLUE_IRIS: Colour = (0.13, 0.24, 0.42)
BLOND: Colour = (0.50, 0.40, 0.26)  # of hair without much pigment
DEVIATION = 8.0  # degrees by which a squinting eye deviates per standard deviation
MAX_DEVIATION = 40.0  # degrees
ALTERNATING = 0.15  # fraction of the images in which the other eye deviates
ABSENT = 0.02  # fraction of hair below which there is none
HAIRLINE = 0.055  # dm per standard deviation
HAIR = (  # axes that a bald head would hide; unaffected people do not vary on them
    "anterior hairline height", "hair sparseness", "alopecia", "hair curl", "hair fineness", "hair hypopigmentation",
    "hair greying", "white forelock", "widow's peak", "frontal balding",
)  # fmt: skip


@dataclass(frozen=True)
class Look(Appearance):
    """The appearance of a patient with all drawn signs.

    Attributes:
        sclera: Linear RGB of the white of the eye.
        irises: Linear RGB of the right and left iris.
        side: Side of one-sided signs: 1 is the subject's left, -1 the right.
        deviation: Angle in degrees by which the eye on ``side`` deviates towards the nose; negative is outwards.
        coloboma: Size of a gap in the lower part of both irises, 0 to 1.
        pupil: Factor on the radius of the pupils.
        aniridia: Fraction of the irises that is missing, 0 to 1.
        lens: Opacity of the lenses, 0 to 1.
        cornea: Opacity of the corneas, 0 to 1.
        cornea_size: Factor on the diameter of the corneas.
        lash_length: Factor on the length of the eyelashes.
        white: Whiteness of the eyelashes and of the eyebrows, 0 to 1.
        lash_curl: Upward curl of the eyelashes; 0 is average.
        lashes: Fraction of the upper and of the lower eyelashes that is present.
        density: Fraction of the scalp hair that is present.
        patches: Hair loss in patches, 0 to 1.
        strand: Factor on the width of hairs.
        peak: Height of a peak of the hairline in the middle; 0 is none.
        forelock: Whiteness of a lock above the forehead, 0 to 1.
        facial_hair: Amount of hair on forehead and cheeks; 0 is none.
        moustache: Amount of hair on upper lip and chin; 0 is none.
    """

    sclera: Colour = SCLERA
    irises: tuple[Colour, Colour] = (IRIS["brown"], IRIS["brown"])
    side: float = 1.0
    deviation: float = 0.0
    coloboma: float = 0.0
    pupil: float = 1.0
    aniridia: float = 0.0
    lens: float = 0.0
    cornea: float = 0.0
    cornea_size: float = 1.0
    lash_length: float = 1.0
    white: tuple[float, float] = (0.0, 0.0)
    lash_curl: float = 0.0
    lashes: tuple[float, float] = (1.0, 1.0)
    density: float = 1.0
    patches: float = 0.0
    strand: float = 1.0
    peak: float = 0.0
    forelock: float = 0.0
    facial_hair: float = 0.0
    moustache: float = 0.0


def _clip(value: float, low: float = 0.0, high: float = 1.0) -> float:
    return float(min(max(value, low), high))


def _mix(first: Colour, second: Colour, amount: float) -> Colour:
    """Blend two colours; an amount of 0 gives the first, bit for bit."""
    r, g, b = (one + amount * (other - one) for one, other in zip(first, second, strict=True))
    return r, g, b


def _deviation(patient: Patient) -> float:
    """Return the deviation of the squinting eye in degrees, inwards. Strabismus alone may have either direction."""
    named, any_ = patient.axes.get("eye deviation", 0.0), abs(patient.axes.get("strabismus", 0.0))
    inwards = named > 0 if named else patient.seed % 2 == 0
    return float(np.copysign(_clip(DEVIATION * max(abs(named), any_), 0.0, MAX_DEVIATION), 1 if inwards else -1))


def _eyes(patient: Patient, appearance: Appearance) -> dict[str, object]:
    value = patient.axes.get
    side = patient.traits.get(SIDE, 1.0)
    own = _mix(appearance.iris, BLUE_IRIS, _clip(0.5 * value("iris blueness", 0.0)))
    other = _mix(own, IRIS["brown"] if own[2] > own[0] else BLUE_IRIS, _clip(0.5 * value("iris heterochromia", 0.0)))
    return {
        "sclera": _mix(SCLERA, BLUE_SCLERA, _clip(0.42 * value("scleral blueness", 0.0))),
        "irises": (own, other) if side > 0 else (other, own),
        "side": side,
        "deviation": _deviation(patient),
        "coloboma": _clip(0.5 * value("iris coloboma", 0.0)),
        "pupil": 2.0 ** _clip(0.45 * value("pupil size", 0.0), -1.2, 1.1),
        "aniridia": _clip(0.6 * value("aniridia", 0.0)),
        "lens": _clip(0.4 * value("lens opacity", 0.0)),
        "cornea": _clip(0.3 * value("corneal opacity", 0.0)),
        "cornea_size": 1 + _clip(0.1 * value("corneal diameter", 0.0), -0.4, 0.3),
    }


def _lashes(axes: Mapping[str, float], hairless: float) -> dict[str, object]:
    value = axes.get
    density = (1 - hairless) * _clip(1 + 0.4 * value("eyelash density", 0.0), 0.12, 1.6)
    density *= 1 - _clip(0.9 * value("eyelash absence", 0.0))
    return {
        "lash_length": _clip(1 + 0.38 * value("eyelash length", 0.0), 0.25, 2.6),
        "white": (_clip(0.5 * value("eyelash whiteness", 0.0)), _clip(0.5 * value("eyebrow whiteness", 0.0))),
        "lash_curl": _clip(0.5 * value("eyelash curl", 0.0), 0.0, 1.6),
        "lashes": (density, density * (1 - _clip(0.9 * value("lower eyelash absence", 0.0)))),
    }


def _hair(axes: Mapping[str, float], appearance: Appearance, hairless: float) -> dict[str, object]:
    value = axes.get
    names = ("hair sparseness", "alopecia", "hair fineness", "frontal balding")
    sparse, lost, fine, balding = (_clip(value(name, 0.0), 0.0, 4.5) for name in names)
    return {
        "hair": _mix(appearance.hair, BLOND, _clip(0.4 * value("hair hypopigmentation", 0.0), 0.0, 0.95)),
        "grey": max(appearance.grey, _clip(0.33 * value("hair greying", 0.0))),
        "curl": max(appearance.curl, _clip(appearance.curl + 0.6 * value("hair curl", 0.0), 0.0, 1.7)),
        "hairline": appearance.hairline + HAIRLINE * _clip(value("anterior hairline height", 0.0), -3.5, 4.5) + 0.02 * balding,
        "recession": appearance.recession + 0.05 * balding,
        "thinning": _clip(appearance.thinning + 0.1 * balding),
        "peak": _clip(0.5 * value("widow's peak", 0.0), 0.0, 2.0),
        "stubble": appearance.stubble * (1 - hairless),
        "density": (1 - hairless) * _clip(1 - 0.38 * sparse - 0.15 * lost, 0.06, 1.0),
        "patches": _clip(0.2 * lost),
        "strand": 2.0 ** -_clip(0.6 * fine, 0.0, 1.6),
        "forelock": _clip(0.6 * value("white forelock", 0.0)),
        "facial_hair": _clip(value("facial hair", 0.0), 0.0, 4.5) * (1 - hairless),
    }


def with_signs(appearance: Appearance, patient: Patient) -> Look:
    """Apply the drawn signs of a patient.

    Args:
        appearance: Skin, hair and eye colours without signs.
        patient: The patient.

    Returns:
        What the renderer draws. Without signs, the appearance is unchanged.
    """
    hairless = _clip(0.9 * patient.axes.get("absence of hair", 0.0))
    plain = {field.name: getattr(appearance, field.name) for field in dataclasses.fields(Appearance)}
    changed = _eyes(patient, appearance) | _lashes(patient.axes, hairless) | _hair(patient.axes, appearance, hairless)
    look = Look(**plain | changed)
    return dataclasses.replace(look, moustache=look.facial_hair * _clip((patient.age - 11) / 7))  # none before puberty


def styled(capture: Capture, look: Look, axes: Mapping[str, float]) -> Capture:
    """Choose a hair style that the patient's hair allows and that shows the signs of the hair.

    Args:
        capture: Conditions of the image.
        look: The patient's appearance.
        axes: Values of the patient's axes, in standard deviations.

    Returns:
        The conditions with another hair style if needed.
    """
    if look.density < ABSENT:
        return dataclasses.replace(capture, hair_style="bald")
    if capture.hair_style == "bald" and any(axes.get(name, 0.0) for name in HAIR):
        return dataclasses.replace(capture, hair_style="buzz")
    return capture


def deviations(look: Look, capture: Capture) -> tuple[float, float]:
    """Return the inward deviation of the right and left eye in one image, degrees. Sometimes the other eye fixates.

    Args:
        look: The patient's appearance.
        capture: Conditions of the image.
    """
    if look.deviation == 0:
        return 0.0, 0.0
    other = np.random.default_rng([capture.seed, 14]).random() < ALTERNATING
    return (0.0, look.deviation) if (look.side > 0) != other else (look.deviation, 0.0)
