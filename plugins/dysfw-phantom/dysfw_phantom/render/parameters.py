"""Parameters of the compiled shading kernels, derived from patient, appearance and capture."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dysfw.plugin import Float32
from dysfw_phantom.render.appearance import GREY
from dysfw_phantom.render.capture import Capture
from dysfw_phantom.render.cloth import NECKLINES, ClothParameters
from dysfw_phantom.render.eyes import EyeParameters
from dysfw_phantom.render.light import Lights
from dysfw_phantom.render.noise import SIDE
from dysfw_phantom.render.signs import Look
from dysfw_phantom.render.skin import SkinParameters, tone

if TYPE_CHECKING:
    from dysfw_phantom.patient import Patient

ANIRIDIA = 0.415  # radius of the pupil relative to the eyeball if only a rim of the iris is left
PHILTRUM = "philtrum depth"  # axis of the patient, in standard deviations


class ShadingParameters(NamedTuple):
    """Everything that the shading kernel needs besides geometry and textures.

    Attributes:
        skin: Properties of the skin.
        right_eye: Properties of the right eye.
        left_eye: Properties of the left eye.
        cloth: Properties of the clothes.
        lights: Lights of the scene.
        right: Axis of the head to the subject's left in camera axes, float32 [3].
        up: Upward axis of the head in camera axes, float32 [3].
    """

    skin: SkinParameters
    right_eye: EyeParameters
    left_eye: EyeParameters
    cloth: ClothParameters
    lights: Lights
    right: Float32
    up: Float32


def direction(azimuth: float, elevation: float) -> Float32:
    """Compute a unit vector from two angles.

    Args:
        azimuth: Degrees to the viewer's right.
        elevation: Degrees up.

    Returns:
        float32 [3].
    """
    a, e = np.radians([azimuth, elevation])
    return np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)], np.float32)


def scene_lights(capture: Capture) -> Lights:
    """Build the lights of an image: a key light, a weaker fill light from the other side, and ambient light.

    Args:
        capture: Conditions of the image.

    Returns:
        The lights.
    """
    warm = np.array([1 + capture.warmth, 1.0, 1 - capture.warmth], np.float32)
    cool = 2 - warm
    return Lights(
        key=direction(capture.light_azimuth, capture.light_elevation),
        key_colour=(capture.light_key * warm).astype(np.float32),
        softness=capture.softness,
        fill=direction(-capture.light_azimuth - np.sign(capture.light_azimuth) * 20, 10),
        fill_colour=(capture.light_fill * cool).astype(np.float32),
        sky_colour=(capture.light_sky * (1 + 0.5 * (cool - 1))).astype(np.float32),
        ground_colour=(0.55 * capture.light_sky * np.array([1.04, 1.0, 0.95])).astype(np.float32),
    )


def _immobility(patient: Patient) -> float:
    """Return the fraction by which lines of the skin are shallower because the face moves little."""
    return float(np.clip(patient.axes.get("decreased facial expression", 0.0) / 4, 0, 1))


def _skin(patient: Patient, appearance: Look, capture: Capture) -> SkinParameters:
    albedo = tone(appearance.melanin, appearance.redness, appearance.yellowness)
    hair = (1 - appearance.grey) * np.array(appearance.hair) + appearance.grey * np.array(GREY)
    lip = albedo * np.array([0.92, 0.58, 0.60]) * (1 - 0.12 * appearance.lip) + np.array([0.035, 0.0, 0.006]) * appearance.lip
    rng = np.random.default_rng([appearance.seed, 4])
    return SkinParameters(
        albedo=albedo,
        lip=lip.astype(np.float32),
        hair=hair.astype(np.float32),
        scalp=0.0 if capture.hair_style == "bald" else 0.92 * appearance.density * min(1.0, 0.4 + 0.6 * appearance.strand),
        flush=appearance.flush * (1 - 0.5 * appearance.melanin),
        freckles=appearance.freckles,
        stubble=appearance.stubble,
        philtrum=float(np.clip(1 + 0.42 * patient.axes.get(PHILTRUM, 0.0), 0, 2.4)),
        lines=float(np.clip((patient.age - 28) / 45, 0, 1)) * (1 - _immobility(patient)),
        oil=appearance.oil,
        texture=appearance.texture,
        u=int(rng.integers(SIDE)),
        v=int(rng.integers(SIDE)),
    )


def _eyes(look: Look, capture: Capture) -> tuple[EyeParameters, EyeParameters]:
    """Return the properties of the right and the left eye."""
    rng = np.random.default_rng([capture.seed, 12])
    pupil, red = float(rng.uniform(0.14, 0.21)), float(rng.uniform(0.1, 0.6))
    pupil *= look.pupil
    pupil += max(ANIRIDIA - pupil, 0.0) * look.aniridia
    right, left = (
        EyeParameters(
            iris=np.array(iris, np.float32), pupil=pupil, red=red, phase=float(look.seed % 628) / 100, size=look.cornea_size,
            sclera=look.sclera, coloboma=0.14 * look.coloboma, nasal=nasal, lens=look.lens, cornea=look.cornea,
        )
        for iris, nasal in zip(look.irises, (1.0, -1.0), strict=True)
    )  # fmt: skip
    return right, left


def _cloth(capture: Capture) -> ClothParameters:
    rng = np.random.default_rng([capture.seed, 9])
    return ClothParameters(
        colour=np.array(capture.cloth, np.float32),
        second=np.array(capture.cloth_second, np.float32),
        shape=NECKLINES.index(capture.neckline),
        height=float(rng.uniform(-0.08, 0.08)),
        trim=float(rng.uniform(0.03, 0.10)),
        stripes=capture.stripes,
        weave=float(rng.uniform(0.3, 1.6)),
    )


def shading_parameters(
    patient: Patient, appearance: Look, capture: Capture, lights: Lights, head: Float32
) -> ShadingParameters:
    """Collect the parameters of the shading kernel.

    Args:
        patient: The patient.
        appearance: Colours of the patient, with signs.
        capture: Conditions of the image.
        lights: Lights of the scene.
        head: Rotation of the head, float32 [3, 3].

    Returns:
        The parameters.
    """
    right, up = np.ascontiguousarray(head[:, 0]), np.ascontiguousarray(head[:, 1])
    skin, cloth = _skin(patient, appearance, capture), _cloth(capture)
    return ShadingParameters(skin, *_eyes(appearance, capture), cloth, lights, right, up)
