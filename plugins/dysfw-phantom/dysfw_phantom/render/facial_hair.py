"""Excess hair of the face: fine strands on forehead and temples, before the ears, on the upper lip and on the chin."""

from __future__ import annotations

import numpy as np

from dysfw.plugin import Float32
from dysfw_phantom.render.brows import front_spots, on_front
from dysfw_phantom.render.figure import Figure
from dysfw_phantom.render.signs import Look
from dysfw_phantom.render.strands import Strands

POINTS = 4
# Areas on one half of the neutral face: centre x and y and their spreads, dm; share of the hairs; direction of growth, degrees
# from lateral towards up; length, dm.
AREAS = (
    (0.38, 0.52, 0.16, 0.13, 0.34, 30, 0.09),  # forehead
    (0.62, 0.28, 0.05, 0.16, 0.20, -50, 0.10),  # temples
    (0.66, -0.24, 0.08, 0.20, 0.28, -80, 0.11),  # before the ears
)
MOUSTACHE = (
    (0.14, -0.475, 0.08, 0.022, 0.08, -40, 0.05),  # upper lip
    (0.10, -0.88, 0.12, 0.06, 0.10, -85, 0.06),  # chin
)
EYE = (0.31, 0.01, 0.33, 0.20)  # centre x and y, half the width and half the height of the bare area around the eye, dm
EARS = 0.72  # distance of the ears from the midline, dm
HAIRS = 620  # on one half of the face, per standard deviation


def facial_hair_strands(figure: Figure, look: Look) -> Strands | None:
    """Build the facial hair.

    Args:
        figure: The posed and lit figure.
        look: Appearance of the patient, with signs.

    Returns:
        The lit strands; None if there is no excess hair.
    """
    if look.facial_hair <= 0:
        return None
    x, y = _lines(look)
    grows = (np.abs(x) < EARS).all(1) & on_front(figure.head, x, y).all(1)
    x, y = x[grows], y[grows]
    spots = front_spots(figure.head, x.ravel(), y.ravel())
    triangles = figure.surface.triangles
    rise = np.tile(np.linspace(0.002, 0.012, POINTS, dtype=np.float32), len(x))[:, None]
    points = spots.interpolate(figure.posed, triangles) + rise * spots.interpolate(figure.facing, triangles)
    lit = spots.interpolate(figure.light, triangles).reshape(*x.shape, 3)
    colour = np.array(look.hair, np.float32) * np.float32(0.8) + np.float32(0.004)
    opacity = np.broadcast_to(np.array([0.24, 0.30, 0.24, 0.08], np.float32), x.shape)
    width = np.broadcast_to(np.array([0.005, 0.005, 0.004, 0.003], np.float32), x.shape)
    return Strands(
        points.reshape(*x.shape, 3).astype(np.float32), np.ascontiguousarray(colour * lit, np.float32),
        np.ascontiguousarray(width), np.ascontiguousarray(opacity),
    )  # fmt: skip


def _lines(look: Look) -> tuple[Float32, Float32]:
    """Draw the strands of both halves in neutral face coordinates: x and y, float32 [S, POINTS]."""
    rng = np.random.default_rng([look.seed, 18])
    xs, ys = [], []
    for sign in (-1.0, 1.0):
        amounts = [(area, look.facial_hair) for area in AREAS] + [(area, look.moustache) for area in MOUSTACHE]
        for (at_x, at_y, wide, high, share, angle, length), amount in amounts:
            count = int(HAIRS * share * amount)
            x, y = rng.normal(at_x, wide, count), rng.normal(at_y, high, count)
            free = np.hypot((x - EYE[0]) / EYE[2], (y - EYE[1]) / EYE[3]) > 1
            x, y, count = x[free], y[free], int(free.sum())
            turn = np.radians(angle + rng.normal(0, 14, count))[:, None]
            along = (length * rng.uniform(0.6, 1.3, count))[:, None] * np.linspace(0, 1, POINTS)
            bend = 0.5 * np.linspace(0, 1, POINTS) * rng.normal(0, 1, count)[:, None]
            xs.append(sign * (x[:, None] + along * np.cos(turn + bend)))
            ys.append(y[:, None] + along * np.sin(turn + bend))
    return np.concatenate(xs).astype(np.float32), np.concatenate(ys).astype(np.float32)
