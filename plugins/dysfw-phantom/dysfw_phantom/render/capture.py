"""What one photograph adds to the patient: pose, expression, hair style, clothes, light, camera and place."""

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
    """yaw, pitch, roll: degrees, signs as in dysfw.types.HeadPose. gaze: degrees to the viewer's right and up, 0 into the lens.
    expression: what ``shape`` takes. hair_style: one of HAIR_STYLES; hair_length: 0..1 within the style; parting: dm to the
    subject's left; fringe: 0 none, 1 to the brows. neckline: one of NECKLINES; cloth, cloth_second: linear colours; stripes:
    per dm. light_azimuth, light_elevation: degrees, to the viewer's right and up; light_key, light_fill, light_sky: relative
    strengths; softness: dm of blur of a shadow's edge; warmth: of the key light, about 0. distance: dm from the lens; framing:
    the face's share of the height; shift: of the face's centre, of the side, right and down. exposure: stops; white: gains of
    red, green, blue; noise: linear; blur: px at 256 px. place: one of background.KINDS. seed: of all that is left.
    backdrop: a plain linear colour in place of it.
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
    white: Colour
    noise: float
    blur: float
    place: str
    seed: int
    backdrop: tuple[float, ...] = ()


def _expression(rng: np.random.Generator) -> dict[str, float]:
    """Mostly at rest; a smile in a third, parted lips in a fifth."""
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
    """Muted: mostly dark, grey, blue and earthy, now and then clearer."""
    grey = float(np.exp(rng.uniform(np.log(0.02), np.log(0.65))))
    hue = rng.uniform(0, 2 * np.pi)
    chroma = float(rng.beta(1.2, 3.0)) * 0.85
    wheel = 1 + chroma * np.cos(hue - np.array([0, 2.094, 4.189]))
    colour = grey * wheel
    return (float(colour[0]), float(colour[1]), float(colour[2]))


def sample_capture(rng: np.random.Generator, age: float, sex: float) -> Capture:
    """A photograph of a patient of ``age`` years and ``sex`` 0 (female) to 1 (male): as in a clinic or a family's album."""
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
        white=(float(white[0]), float(white[1]), float(white[2])),
        noise=noise,
        blur=float(max(0.0, rng.normal(0.25, 0.3))),
        place=KINDS[int(rng.choice(len(KINDS), p=[0.24, 0.24, 0.16, 0.14, 0.13, 0.09]))],
        seed=int(rng.integers(1 << 31)),
    )
