"""Patient, appearance and photograph translated into what the compiled loops need: lights, skin, eyes, cloth."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dysfw.plugin import Float32
from dysfw_phantom.render.appearance import GREY, Appearance
from dysfw_phantom.render.capture import Capture
from dysfw_phantom.render.cloth import NECKLINES, ClothLook
from dysfw_phantom.render.eyes import EyeLook
from dysfw_phantom.render.light import Lights
from dysfw_phantom.render.noise import SIDE
from dysfw_phantom.render.skin import SkinLook, tone

if TYPE_CHECKING:
    from dysfw_phantom.patient import Patient

PHILTRUM = "philtrum depth"  # axis of the patient, in SD


class Looks(NamedTuple):
    """All that colours a point. right, up: float32 [3], the head's own axes as the camera sees them."""

    skin: SkinLook
    eye: EyeLook
    cloth: ClothLook
    lights: Lights
    right: Float32
    up: Float32


def direction(azimuth: float, elevation: float) -> Float32:
    """Unit vector float32 [3] from degrees to the viewer's right and up."""
    a, e = np.radians([azimuth, elevation])
    return np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)], np.float32)


def lights_of(photo: Capture) -> Lights:
    """A key light, a weaker one from the other side, and a room that is darker below."""
    warm = np.array([1 + photo.warmth, 1.0, 1 - photo.warmth], np.float32)
    cool = 2 - warm
    return Lights(
        key=direction(photo.light_azimuth, photo.light_elevation),
        key_colour=(photo.light_key * warm).astype(np.float32),
        softness=photo.softness,
        fill=direction(-photo.light_azimuth - np.sign(photo.light_azimuth) * 20, 10),
        fill_colour=(photo.light_fill * cool).astype(np.float32),
        sky_colour=(photo.light_sky * (1 + 0.5 * (cool - 1))).astype(np.float32),
        ground_colour=(0.55 * photo.light_sky * np.array([1.04, 1.0, 0.95])).astype(np.float32),
    )


def _skin(patient: Patient, look: Appearance, photo: Capture) -> SkinLook:
    albedo = tone(look.melanin, look.redness, look.yellowness)
    hair = (1 - look.grey) * np.array(look.hair) + look.grey * np.array(GREY)
    lip = albedo * np.array([0.92, 0.58, 0.60]) * (1 - 0.12 * look.lip) + np.array([0.035, 0.0, 0.006]) * look.lip
    rng = np.random.default_rng([look.seed, 4])
    return SkinLook(
        albedo=albedo,
        lip=lip.astype(np.float32),
        hair=hair.astype(np.float32),
        scalp=0.0 if photo.hair_style == "bald" else 0.92,
        flush=look.flush * (1 - 0.5 * look.melanin),
        freckles=look.freckles,
        stubble=look.stubble,
        philtrum=float(np.clip(1 + 0.42 * patient.axes.get(PHILTRUM, 0.0), 0, 2.4)),
        lines=float(np.clip((patient.age - 28) / 45, 0, 1)),
        oil=look.oil,
        texture=look.texture,
        u=int(rng.integers(SIDE)),
        v=int(rng.integers(SIDE)),
    )


def _eye(look: Appearance, photo: Capture) -> EyeLook:
    rng = np.random.default_rng([photo.seed, 12])
    pupil, red = float(rng.uniform(0.14, 0.21)), float(rng.uniform(0.1, 0.6))
    return EyeLook(np.array(look.iris, np.float32), pupil, red, float(look.seed % 628) / 100)


def _cloth(photo: Capture) -> ClothLook:
    rng = np.random.default_rng([photo.seed, 9])
    return ClothLook(
        colour=np.array(photo.cloth, np.float32),
        second=np.array(photo.cloth_second, np.float32),
        shape=NECKLINES.index(photo.neckline),
        height=float(rng.uniform(-0.08, 0.08)),
        trim=float(rng.uniform(0.03, 0.10)),
        stripes=photo.stripes,
        weave=float(rng.uniform(0.3, 1.6)),
    )


def looks_of(patient: Patient, look: Appearance, photo: Capture, lights: Lights, head: Float32) -> Looks:
    """head: float32 [3, 3], the head's rotation."""
    right, up = np.ascontiguousarray(head[:, 0]), np.ascontiguousarray(head[:, 1])
    return Looks(_skin(patient, look, photo), _eye(look, photo), _cloth(photo), lights, right, up)
