"""Vertex attributes that are interpolated over each triangle."""

from __future__ import annotations

import functools

import numpy as np

from dysfw.plugin import Float32
from dysfw_phantom.render.columns import COLUMNS, FLUSH, HAIR, LIGHT, LIP, NORMAL, OPEN, PLACE, SHADOW, THETA
from dysfw_phantom.render.figure import Figure
from dysfw_phantom.render.parameters import direction
from dysfw_phantom.render.surface import Surface

EYES = (2, 3)  # mesh.Part: right, left
MOTION = np.radians(45)  # by which an eye can turn


@functools.lru_cache(maxsize=4)
def _flush(surface: Surface) -> Float32:
    """Return how strongly each vertex flushes, float32 [N]: most on cheeks, nose tip, ears and chin."""
    x, y, z = surface.rest.T
    cheek = np.exp(-(((np.abs(x) - 0.40) / 0.17) ** 2) - ((y + 0.36) / 0.17) ** 2) * (z > -0.6)
    nose = 0.8 * np.exp(-((x / 0.13) ** 2) - ((y + 0.34) / 0.10) ** 2) * (z > 0)
    chin = 0.3 * np.exp(-((x / 0.2) ** 2) - ((y + 0.85) / 0.12) ** 2) * (z > -0.2)
    return np.asarray(cheek + nose + chin + 0.7 * surface.ear + 0.25 * surface.eyelid, dtype=np.float32)


def _gaze(gaze: tuple[float, float], head: Float32, turn: float) -> Float32:
    """Return the axes of an eyeball, float32 [3, 3], for a gaze in degrees, within the range of motion of the eyes.

    turn: Deviation of the eye to the subject's left, degrees.
    """
    aim = head.T @ direction(*gaze)
    aim = np.array([np.clip(aim[0], -0.45, 0.45), np.clip(aim[1], -0.20, 0.06), 1.0], np.float32)
    if turn:
        aim[0] = np.tan(np.clip(np.arctan(aim[0]) + np.radians(turn), -MOTION, MOTION))
    forward = head @ (aim / np.linalg.norm(aim))
    across = np.cross(head[:, 1], forward)
    across /= np.linalg.norm(across)
    return np.asarray(np.stack([across, np.cross(forward, across), forward], 1), dtype=np.float32)


def attributes(figure: Figure, gaze: tuple[float, float], inwards: tuple[float, float]) -> Float32:
    """Compute the vertex attributes of a figure.

    Args:
        figure: The posed and lit figure.
        gaze: Gaze direction in degrees to the viewer's right and up; (0, 0) looks into the lens.
        inwards: Deviation of the right and left eye from it towards the nose, degrees.

    Returns:
        float32 [N, COLUMNS]; see ``columns`` for their order.
    """
    surface, head = figure.surface, figure.pose.head
    out = np.empty((len(figure.posed), COLUMNS), np.float32)
    out[:, PLACE : PLACE + 3] = surface.rest
    out[:, THETA], out[:, LIP], out[:, HAIR] = surface.theta, surface.lip, figure.height
    out[:, FLUSH], out[:, OPEN], out[:, SHADOW] = _flush(surface), surface.occlusion, figure.lit
    out[:, NORMAL : NORMAL + 3], out[:, LIGHT : LIGHT + 3] = figure.facing, figure.light
    for part, turn in zip(EYES, (inwards[0], -inwards[1]), strict=True):
        axes = _gaze(gaze, head, turn)
        ids = np.flatnonzero(surface.vertex_part == part)
        ball = figure.posed[ids] - 0.5 * (figure.posed[ids].min(0) + figure.posed[ids].max(0))
        ball /= ball[:, 1].max()
        out[ids, PLACE : PLACE + 3] = ball @ axes
        out[ids, THETA] = ball @ head[:, 1]
    return out
