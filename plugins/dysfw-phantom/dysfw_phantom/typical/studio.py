"""The conditions under which typical faces are rendered: from the front, in soft light, before a plain background."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..render.appearance import Appearance
from ..render.capture import Capture

BACKGROUND = (0.50, 0.52, 0.53)  # linear RGB
CLOTH = (0.16, 0.19, 0.22)
TINT = 0.5  # factor on redness, yellowness and flush of the skin
TIED_FROM = 3.0  # years; the hair of younger children is too short


def studio(rng: np.random.Generator, age: float, sex: float) -> Capture:
    """Return a neutral view of a face. Hair is tied or short, because ears and forehead have signs.

    Args:
        rng: Source of randomness: of the hair and of the grain.
        age: Age in years.
        sex: From 0 (female) to 1 (male).
    """
    style = "tied" if sex < 0.5 and age >= TIED_FROM else "short"
    return Capture(
        yaw=0.0, pitch=0.0, roll=0.0, gaze=(0.0, 0.0), expression={},
        hair_style=style, hair_length=float(rng.uniform(0.1, 0.6)),
        parting=float(rng.choice([-1, 1]) * rng.uniform(0.15, 0.32)), fringe=0.0,
        neckline="crew", cloth=CLOTH, cloth_second=CLOTH, stripes=0.0,
        light_azimuth=14.0, light_elevation=30.0, light_key=0.75, light_fill=0.25, light_sky=0.6, softness=0.22, warmth=0.0,
        distance=15.0, framing=0.60, shift=(0.0, 0.035), exposure=0.0, white_balance=(1.0, 1.0, 1.0), noise=0.002, blur=0.0,
        background="wall", seed=int(rng.integers(1 << 31)), background_colour=BACKGROUND,
    )  # fmt: skip


def plain(appearance: Appearance) -> Appearance:
    """Leave out what draws the eye from the signs: strong tints, freckles and stubble.

    Args:
        appearance: The person's appearance.
    """
    tints = {name: TINT * getattr(appearance, name) for name in ("redness", "yellowness", "flush")}
    return dataclasses.replace(appearance, **tints, freckles=0.0, stubble=0.0)
