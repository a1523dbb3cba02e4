"""What one image adds to the patient: pose, expression, hair style, clothes, light, camera and background."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from dysfw_phantom.render.appearance import Colour
from dysfw_phantom.render.background import KINDS
from dysfw_phantom.render.cloth import NECKLINES

HAIR_STYLES = ("bald", "buzz", "short", "side", "full", "bob", "long", "tied")


@dataclass(frozen=True)
class Capture:
    """The conditions under which one image of a patient is taken.

    Attributes:
        yaw: Head yaw, degrees, with the sign of ``dysfw.types.HeadPose``; likewise ``pitch`` and ``roll``.
        pitch: Head pitch, degrees.
        roll: Head roll, degrees.
        gaze: Gaze in degrees to the viewer's right and up; (0, 0) looks into the lens.
        expression: Strength of each expression, 0 to 1; see ``expression.EXPRESSIONS``.
        hair_style: One of ``HAIR_STYLES``.
        hair_length: Length within the style, 0 to 1.
        parting: Position of the parting, dm to the subject's left.
        fringe: Length of the fringe, from 0 (none) to 1 (to the eyebrows).
        neckline: One of ``cloth.NECKLINES``.
        cloth: Linear RGB of the clothes.
        cloth_second: Linear RGB of the stripes.
        stripes: Stripes per dm; 0 is none.
        light_azimuth: Direction of the key light, degrees to the viewer's right.
        light_elevation: Direction of the key light, degrees up.
        light_key: Relative strength of the key light.
        light_fill: Relative strength of the fill light.
        light_sky: Relative strength of the ambient light.
        softness: Blur of shadow edges, dm.
        warmth: Colour of the key light; 0 is neutral.
        distance: Distance from the lens to the eyes, dm.
        framing: Height of the face as a fraction of the height of the image.
        shift: Offset of the face to the right and down, as a fraction of the side.
        exposure: Exposure compensation, stops.
        white_balance: Gains of red, green and blue.
        noise: Standard deviation of the sensor noise at full light, linear.
        blur: Standard deviation of the blur, px at a size of 256 px.
        background: One of ``background.KINDS``.
        seed: Random seed for all remaining details.
        background_colour: Plain linear RGB that replaces the background; empty for none.
    """

    yaw: float
    pitch: float
    roll: float
    gaze: tuple[float, float]
    expression: Mapping[str, float]
    hair_style: str
    hair_length: float
    parting: float
    fringe: float
    neckline: str
    cloth: Colour
    cloth_second: Colour
    stripes: float
    light_azimuth: float
    light_elevation: float
    light_key: float
    light_fill: float
    light_sky: float
    softness: float
    warmth: float
    distance: float
    framing: float
    shift: tuple[float, float]
    exposure: float
    white_balance: Colour
    noise: float
    blur: float
    background: str
    seed: int
    background_colour: tuple[float, ...] = ()


def _expression(rng: np.random.Generator) -> dict[str, float]:
    """Draw an expression: often neutral, sometimes a smile, parted lips or half-closed eyes."""
    out: dict[str, float] = {}
    if rng.random() < 0.4:
        out["smile"] = float(rng.beta(1.5, 1.8))
    if rng.random() < 0.25:
        out["open"] = float(rng.beta(1.2, 3.0))
    if rng.random() < 0.08:
        out["blink_left"] = out["blink_right"] = float(rng.uniform(0.1, 0.5))
    return out


def _hair_style(rng: np.random.Generator, age: float, sex: float) -> str:
    woman, man = (1 - sex), sex
    if age < 3:
        weights = [0.15, 0.45, 0.5, 0.1, 0.15, 0.05, 0.0, 0.02]
    else:
        bald = 0.10 * man * float(age > 30)
        weights = [
            bald, 0.02 + 0.22 * man, 0.08 + 0.42 * man, 0.05 + 0.28 * man, 0.14, 0.28 * woman + 0.02, 0.45 * woman + 0.03,
            0.28 * woman + 0.01,
        ]  # fmt: skip
    p = np.array(weights) / np.sum(weights)
    return HAIR_STYLES[int(rng.choice(len(HAIR_STYLES), p=p))]


def _cloth(rng: np.random.Generator) -> Colour:
    """Draw a colour for clothes, usually a muted one."""
    grey = float(np.exp(rng.uniform(np.log(0.02), np.log(0.65))))
    hue = rng.uniform(0, 2 * np.pi)
    chroma = float(rng.beta(1.2, 3.0)) * 0.85
    wheel = 1 + chroma * np.cos(hue - np.array([0, 2.094, 4.189]))
    colour = grey * wheel
    return (float(colour[0]), float(colour[1]), float(colour[2]))


def sample_capture(rng: np.random.Generator, age: float, sex: float) -> Capture:
    """Sample the conditions of an image as in clinical or family photos.

    Args:
        rng: Source of randomness.
        age: Age of the patient in years.
        sex: From 0 (female) to 1 (male).

    Returns:
        The sampled conditions.
    """
    yaw, pitch, roll = (float(np.clip(rng.normal(0, s), -2.2 * s, 2.2 * s)) for s in (9.5, 4.5, 4.0))
    strong = rng.random() < 0.3
    key = float(rng.uniform(0.9, 1.3) if strong else rng.uniform(0.5, 0.9))
    warmth = float(rng.normal(0, 0.05))
    white = 1 + rng.normal(0, 0.025, 3) * np.array([1, 0.4, 1])
    noise = float(np.exp(rng.normal(np.log(0.006), 0.5)))
    return Capture(
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        gaze=(float(rng.normal(0, 4)), float(rng.normal(0, 2.5))),
        expression=MappingProxyType(_expression(rng)),
        hair_style=_hair_style(rng, age, sex),
        hair_length=float(rng.random()),
        parting=float(rng.choice([-1, 0, 1]) * rng.uniform(0.15, 0.32)),
        fringe=float(rng.random() < 0.22) * float(rng.uniform(0.35, 1.0)),
        neckline=NECKLINES[int(rng.choice(len(NECKLINES), p=[0.45, 0.17, 0.14, 0.18, 0.06]))],
        cloth=_cloth(rng),
        cloth_second=_cloth(rng),
        stripes=float(rng.random() < 0.12) * float(rng.uniform(2.5, 7)),
        light_azimuth=float(np.clip(rng.normal(0, 35), -65, 65)),
        light_elevation=float(rng.uniform(12, 55)),
        light_key=key,
        light_fill=float(rng.uniform(0.08, 0.25)),
        light_sky=float(rng.uniform(0.32, 0.5) if strong else rng.uniform(0.42, 0.7)),
        softness=float(rng.uniform(0.05, 0.12) if strong else rng.uniform(0.1, 0.28)),
        warmth=warmth,
        distance=float(np.exp(rng.uniform(np.log(6.5), np.log(22)))),
        framing=float(rng.uniform(0.45, 0.70)),
        shift=(float(rng.normal(0, 0.025)), float(rng.normal(0.015, 0.025))),
        exposure=float(rng.normal(0.0, 0.16)),
        white_balance=(float(white[0]), float(white[1]), float(white[2])),
        noise=noise,
        blur=float(max(0.0, rng.normal(0.25, 0.3))),
        background=KINDS[int(rng.choice(len(KINDS), p=[0.24, 0.24, 0.16, 0.14, 0.13, 0.09]))],
        seed=int(rng.integers(1 << 31)),
    )
