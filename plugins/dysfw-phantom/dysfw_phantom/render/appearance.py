"""Skin, hair and eye colours of a patient: the same in every image and independent of the shape of the face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]

# Linear RGB. Hair from black to blond and red; irises from dark brown to blue.
HAIR: dict[str, Colour] = {
    "black": (0.012, 0.010, 0.009), "dark brown": (0.032, 0.020, 0.013), "brown": (0.075, 0.045, 0.026),
    "light brown": (0.15, 0.095, 0.052), "blond": (0.32, 0.225, 0.12), "red": (0.20, 0.068, 0.024),
}  # fmt: skip
GREY: Colour = (0.40, 0.39, 0.38)
IRIS: dict[str, Colour] = {
    "dark brown": (0.030, 0.014, 0.007), "brown": (0.075, 0.036, 0.016), "hazel": (0.13, 0.085, 0.032),
    "green": (0.12, 0.14, 0.075), "grey": (0.19, 0.22, 0.24), "blue": (0.14, 0.22, 0.34),
}  # fmt: skip


@dataclass(frozen=True)
class Appearance:
    """Colours and hair properties of one patient.

    Attributes:
        melanin: Skin pigmentation, from 0 (lightest) to 1 (darkest).
        redness: Shift of the skin tone towards red, centred on 0; 1 is a large shift.
        yellowness: Shift of the skin tone towards yellow, centred on 0; 1 is a large shift.
        flush: Redness of cheeks, nose and ears, about 0 to 1.
        freckles: Strength of freckles; 0 is none.
        stubble: Strength of beard stubble; 0 is none.
        oil: Shine of the skin, about 1.
        texture: Strength of pores and blotches, about 1.
        lip: Redness of the lips, 0 to 1.
        hair: Linear RGB of the hair.
        grey: Fraction of grey hair, 0 to 1.
        curl: Curliness of the hair, 0 to 1.
        iris: Linear RGB of the iris.
        brow: Density of the eyebrows, 0 to 1.
        hairline: Height of the hairline above the average, dm.
        recession: Additional height of the hairline at the temples, dm.
        thinning: Hair loss on the crown, 0 to 1.
        seed: Random seed for the placement of freckles and hairs.
    """

    melanin: float
    redness: float
    yellowness: float
    flush: float
    freckles: float
    stubble: float
    oil: float
    texture: float
    lip: float
    hair: Colour
    grey: float
    curl: float
    iris: Colour
    brow: float
    hairline: float
    recession: float
    thinning: float
    seed: int


def _choose(rng: np.random.Generator, colours: dict[str, Colour], weights: list[float], variation: float) -> Colour:
    """Draw one of the named colours and scale it by a factor in 1 ± ``variation``."""
    names = list(colours)
    p = np.array(weights) / np.sum(weights)
    colour = np.array(colours[names[rng.choice(len(names), p=p)]]) * rng.uniform(1 - variation, 1 + variation)
    return (float(colour[0]), float(colour[1]), float(colour[2]))


def sample_appearance(rng: np.random.Generator, age: float, sex: float) -> Appearance:
    """Sample a patient's appearance, independently of the shape of the face.

    Args:
        rng: Source of randomness.
        age: Age in years.
        sex: From 0 (female) to 1 (male).

    Returns:
        The sampled appearance.
    """
    melanin = float(rng.beta(1.0, 1.15))
    light = max(0.0, 1 - melanin / 0.45)  # light hair and eyes go with light skin
    grown = float(np.clip((age - 13) / 7, 0, 1))
    grey = float(np.clip(rng.normal((age - 52) / 22, 0.25), 0, 1)) if age > 30 else 0.0
    old = float(np.clip((age - 25) / 40, 0, 1))
    bald = float(max(0.0, rng.normal(0.0, 0.9))) * old * float(sex > 0.5)
    return Appearance(
        melanin=melanin,
        redness=float(np.clip(rng.normal(0, 0.45), -1, 1)),
        yellowness=float(np.clip(rng.normal(0, 0.45), -1, 1)),
        flush=float(rng.uniform(0.15, 0.9)),
        freckles=float(max(0.0, rng.normal(-0.5, 0.75))) * float(melanin < 0.4),
        stubble=float(max(0.0, rng.normal(0.1, 0.5))) * grown * float(sex > 0.6),
        oil=float(rng.uniform(0.35, 1.25)),
        texture=float(rng.uniform(0.5, 1.0) * (0.7 + 0.3 * grown) * (1 + 0.4 * old)),
        lip=float(rng.uniform(0.15, 1.0)),
        hair=_choose(
            rng, HAIR, [1.2 + 3 * melanin, 1.6, 0.2 + 1.8 * light, 0.05 + 1.2 * light, 0.9 * light, 0.35 * light], 0.3
        ),
        grey=grey,
        curl=float(rng.beta(0.7, 1.6) if melanin < 0.65 else rng.beta(1.6, 0.8)),
        iris=_choose(rng, IRIS, [1.5 + 2 * melanin, 1.4, 0.1 + light, 0.5 * light, 0.6 * light, 1.1 * light], 0.25),
        brow=float(rng.uniform(0.55, 1.0) * (1 - 0.25 * (1 - grown)) * (1 - 0.2 * old)),
        hairline=float(rng.normal(0, 0.035) + 0.10 * bald),
        recession=float(max(0.0, rng.normal(0.02, 0.03)) * grown * sex + 0.16 * bald),
        thinning=float(np.clip(0.75 * bald, 0, 1)),
        seed=int(rng.integers(1 << 31)),
    )
