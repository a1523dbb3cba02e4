"""Eyeballs, teeth, tongue and the inside of the mouth at one point."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np

from dysfw.plugin import Float32
from dysfw_phantom.render.skin import ramp

LIPS = 0.45  # how far forwards lips reach at rest, dm
IRIS = 0.44  # radius as seen from the front, of the eyeball's (5.9 of 13 mm)


class EyeLook(NamedTuple):
    """iris: linear colour; pupil: radius of the eyeball's; red: veins 0..1; phase: sets the iris' pattern apart."""

    iris: Float32
    pupil: float
    red: float
    phase: float


@nb.njit(inline="always")
def eye_colour(x: float, y: float, z: float, upright: float, look: EyeLook) -> tuple[float, float, float]:
    """Linear colour. x, y, z: direction from the eyeball's centre, z along the gaze; upright: the same y, without gaze."""
    r = np.sqrt(x * x + y * y)
    if z < 0:
        r = 2 - r
    angle = np.arctan2(y, x)
    corner = ramp(0.45, 0.95, r)
    vein = look.red * corner * (0.6 + 0.4 * np.sin(angle * 23 + 3 * np.sin(r * 19 + look.phase)))
    sr, sg, sb = 0.46 - 0.10 * corner, 0.42 - 0.12 * vein - 0.14 * corner, 0.39 - 0.12 * vein - 0.14 * corner
    iris = ramp(IRIS + 0.035, IRIS - 0.02, r)
    if iris > 0:
        fibre = 1 + 0.22 * np.sin(angle * 19 + 2.2 * np.sin(angle * 5 + look.phase)) + 0.12 * np.sin(angle * 47 + look.phase)
        light = fibre * (0.62 + 0.75 * ramp(0.18, 0.36, r) - 0.95 * ramp(0.345, IRIS + 0.01, r))
        collar = ramp(0.27, 0.20, r)  # the warmer ring about the pupil
        ir, ig, ib = look.iris[0] * light, look.iris[1] * light, look.iris[2] * light
        ir, ig = ir * (1 + 0.35 * collar), ig * (1 + 0.12 * collar)
        hole = ramp(look.pupil + 0.022, look.pupil - 0.022, r)
        ir, ig, ib = ir * (1 - hole) + 0.003 * hole, ig * (1 - hole) + 0.003 * hole, ib * (1 - hole) + 0.003 * hole
        sr, sg, sb = sr + (ir - sr) * iris, sg + (ig - sg) * iris, sb + (ib - sb) * iris
    lid = 0.38 + 0.62 * ramp(0.62, 0.10, upright)  # the shadow of the upper lid and its lashes
    return sr * lid, sg * lid, sb * lid


@nb.njit(inline="always")
def tooth_colour(x: float) -> tuple[float, float, float]:
    """Linear colour. x: rest coordinate across, dm; the molars stand in the dark of the mouth."""
    width = 0.085 - 0.012 * min(abs(x) / 0.2, 1.0)
    place = abs(x) / width
    gap = 1 - 0.30 * ramp(0.09, 0.0, abs(place - np.floor(place + 0.5)))
    k = gap * (0.25 + 0.75 * ramp(0.34, 0.12, abs(x)))
    return 0.62 * k, 0.57 * k, 0.48 * k


@nb.njit(inline="always")
def mouth_colour(z: float, tongue: bool) -> tuple[float, float, float]:
    """Linear colour of the mucosa, darker the deeper. z: rest coordinate to the viewer, dm."""
    k = np.exp(-max(LIPS - z, 0.0) * 9) * (1.3 if tongue else 1.0)
    return 0.22 * k + 0.010, 0.060 * k + 0.003, 0.055 * k + 0.003
