"""Colours of eyeballs, teeth, tongue and oral cavity at one point."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dysfw.plugin import Float32
from dysfw_phantom.render.skin import ramp
from dysfw_phantom.render.uncounted import inlined

LIPS = 0.45  # z of the lips at rest, dm
IRIS = 0.44  # radius of the iris relative to the eyeball (5.9 of 13 mm)


class EyeParameters(NamedTuple):
    """Properties of the eyes for the shading kernel.

    Attributes:
        iris: Linear RGB of the iris, float32 [3].
        pupil: Radius of the pupil relative to the eyeball.
        red: Strength of the veins, 0 to 1.
        phase: Phase of the pattern of the iris, radians.
        size: Factor on the diameter of cornea, iris and pupil.
        sclera: Linear RGB of the white of the eye.
        coloboma: Half the width of a gap in the lower part of the iris, relative to the eyeball; 0 is none.
        nasal: Horizontal direction of the gap, towards the nose.
        lens: Opacity of the lens, 0 to 1.
        cornea: Opacity of the cornea, 0 to 1.
    """

    iris: Float32
    pupil: float
    red: float
    phase: float
    size: float
    sclera: tuple[float, float, float]
    coloboma: float
    nasal: float
    lens: float
    cornea: float


@inlined
def _gap(x: float, y: float, eye: EyeParameters) -> float:
    """Return how far a point lies in the gap of a coloboma, which leads from the pupil down and slightly to the nose."""
    along = 0.26 * eye.nasal * x - 0.966 * y
    across = abs(0.966 * x + 0.26 * eye.nasal * y)
    width = eye.coloboma * (1.25 - 0.9 * along)
    return ramp(width + 0.022, width - 0.022, across) * ramp(-0.02, 0.02, along)


@inlined
def eye_colour(x: float, y: float, z: float, upright: float, eye: EyeParameters) -> tuple[float, float, float]:
    """Compute the colour of an eyeball at one point.

    Args:
        x: Direction from the centre of the eyeball; z points along the gaze.
        y: See ``x``.
        z: See ``x``.
        upright: y of the direction in the head's axes, without gaze.
        eye: Properties of the eye.

    Returns:
        Linear red, green and blue.
    """
    r = np.sqrt(x * x + y * y)
    if z < 0:
        r = 2 - r
    angle = np.arctan2(y, x)
    corner = ramp(0.45, 0.95, r)
    vein = eye.red * corner * (0.6 + 0.4 * np.sin(angle * 23 + 3 * np.sin(r * 19 + eye.phase)))
    sr, sg, sb = eye.sclera
    sr, sg, sb = sr - 0.10 * corner, sg - 0.12 * vein - 0.14 * corner, sb - 0.12 * vein - 0.14 * corner
    r /= eye.size
    iris = ramp(IRIS + 0.035, IRIS - 0.02, r)
    if iris > 0:
        fibre = 1 + 0.22 * np.sin(angle * 19 + 2.2 * np.sin(angle * 5 + eye.phase)) + 0.12 * np.sin(angle * 47 + eye.phase)
        light = fibre * (0.62 + 0.75 * ramp(0.18, 0.36, r) - 0.95 * ramp(0.345, IRIS + 0.01, r))
        collar = ramp(0.27, 0.20, r)  # the warmer ring around the pupil
        ir, ig, ib = eye.iris[0] * light, eye.iris[1] * light, eye.iris[2] * light
        ir, ig = ir * (1 + 0.35 * collar), ig * (1 + 0.12 * collar)
        hole = ramp(eye.pupil + 0.022, eye.pupil - 0.022, r)
        if eye.coloboma > 0:
            hole = max(hole, _gap(x, y, eye))
        lr, lg, lb = 0.003 + 0.24 * eye.lens, 0.003 + 0.24 * eye.lens, 0.003 + 0.22 * eye.lens
        ir, ig, ib = ir * (1 - hole) + lr * hole, ig * (1 - hole) + lg * hole, ib * (1 - hole) + lb * hole
        if eye.cornea > 0:
            cloud = eye.cornea * (0.8 + 0.2 * np.sin(6 * x + eye.phase + 2 * np.sin(7 * y + eye.phase)))
            ir, ig, ib = ir + (0.27 - ir) * cloud, ig + (0.30 - ig) * cloud, ib + (0.32 - ib) * cloud
        sr, sg, sb = sr + (ir - sr) * iris, sg + (ig - sg) * iris, sb + (ib - sb) * iris
    lid = 0.38 + 0.62 * ramp(0.62, 0.10, upright)  # the shadow of the upper lid and its lashes
    return sr * lid, sg * lid, sb * lid


@inlined
def tooth_colour(x: float) -> tuple[float, float, float]:
    """Compute the colour of the teeth at one point; it darkens towards the molars.

    Args:
        x: Rest coordinate to the subject's left, dm.

    Returns:
        Linear red, green and blue.
    """
    width = 0.085 - 0.012 * min(abs(x) / 0.2, 1.0)
    place = abs(x) / width
    gap = 1 - 0.30 * ramp(0.09, 0.0, abs(place - np.floor(place + 0.5)))
    k = gap * (0.25 + 0.75 * ramp(0.34, 0.12, abs(x)))
    return 0.62 * k, 0.57 * k, 0.48 * k


@inlined
def mouth_colour(z: float, tongue: bool) -> tuple[float, float, float]:
    """Compute the colour of the oral mucosa at one point; it darkens with depth.

    Args:
        z: Rest coordinate towards the viewer, dm.
        tongue: Whether the point lies on the tongue.

    Returns:
        Linear red, green and blue.
    """
    k = np.exp(-max(LIPS - z, 0.0) * 9) * (1.3 if tongue else 1.0)
    return 0.22 * k + 0.010, 0.060 * k + 0.003, 0.055 * k + 0.003
