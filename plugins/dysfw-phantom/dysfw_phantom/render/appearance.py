"""The colours of one patient: skin, hair, eyes. The same in all photographs, and independent of the shape of the face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]

# Linear light. Hair from black to blond, red, grey; irises from dark brown to blue.
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
    """melanin: 0 the least, 1 the most that skin has. redness, yellowness: about 0, one unit is much. Amounts 0..1: flush (of
    cheeks, nose, ears), freckles, stubble, oil, texture (of the skin), lip (redness), grey (of the hair), curl, brow (density
    of the eyebrows), thinning (of the hair on the crown). hair, iris: linear colours. hairline: dm by which it is higher than
    average; recession: dm more at the temples. seed: places freckles and hairs.
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


def _choose(rng: np.random.Generator, colours: dict[str, Colour], weights: list[float], spread: float) -> Colour:
    names = list(colours)
    p = np.array(weights) / np.sum(weights)
    colour = np.array(colours[names[rng.choice(len(names), p=p)]]) * rng.uniform(1 - spread, 1 + spread)
    return (float(colour[0]), float(colour[1]), float(colour[2]))


def sample_appearance(rng: np.random.Generator, age: float, sex: float) -> Appearance:
    """A patient's colours. age: years; sex: 0 female to 1 male. Nothing of the shape is asked, so any tone meets any shape."""
    melanin = float(rng.beta(1.0, 1.15))
    light = max(0.0, 1 - melanin / 0.45)  # light hair and eyes come with light skin
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
