"""Hair styles: root, direction, length and fall of each strand."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dysfw.plugin import Bool, Float32
from dysfw_phantom.render.camera import smoothstep
from dysfw_phantom.render.capture import Capture
from dysfw_phantom.render.figure import Figure
from dysfw_phantom.render.scalp import CENTRE, LEADERS, SurfacePoints, clumps, root_pool
from dysfw_phantom.render.signs import Look

KNOT = np.array([0.0, 0.45, -1.75], np.float32)  # where tied hair meets, dm
WHORL = np.array([0.06, 0.95, -1.15], np.float32)  # centre from which short hair grows, dm
FRINGED = ("short", "side", "bob", "long")
CLING = {"buzz": 0.5, "short": 0.4, "side": 0.4, "full": 0.15, "tied": 0.5, "bob": 0.12, "long": 0.15}


class Growth(NamedTuple):
    """Growth parameters of S strands, float32 [S] unless stated otherwise.

    Attributes:
        root: Position of the root, float32 [S, 3], dm.
        normal: Normal of the skin at the root, float32 [S, 3].
        comb: Direction in which the strand is combed, float32 [S, 3].
        length: Length, dm.
        lift: Height above the skin, dm.
        fall: Weight of gravity, 0 to 1.
        end: y below which the strand is cut, dm.
        curl: Radius of curls, dm.
        phase: Phase of curls, radians.
        keep: 1 if the strand is kept out of the face, 0 for a fringe.
        cling: How strongly the strand returns to the skin, 0 to 1.
    """

    root: Float32
    normal: Float32
    comb: Float32
    length: Float32
    lift: Float32
    fall: Float32
    end: Float32
    curl: Float32
    phase: Float32
    keep: Float32
    cling: Float32


class Roots(NamedTuple):
    """Roots of S strands.

    Attributes:
        spots: Points on the refined mesh.
        rest: Rest coordinates, float32 [S, 3], dm.
        height: Height above the hairline, float32 [S], dm.
        lock: Normal deviates that are correlated within a lock, float32 [S, 4].
    """

    spots: SurfacePoints
    rest: Float32
    height: Float32
    lock: Float32


class _Style(NamedTuple):
    """The fields of ``Growth`` that a style determines, at rest and before individual variation."""

    comb: Float32
    length: Float32
    lift: Float32
    fall: Float32
    end: Float32


def unit(v: Float32) -> Float32:
    """Normalise vectors to unit length.

    Args:
        v: float32 [..., 3].

    Returns:
        float32 [..., 3].
    """
    return np.asarray(v / (np.linalg.norm(v, axis=-1, keepdims=True) + 1e-9), dtype=np.float32)


def hair_roots(figure: Figure, count: int, look: Look) -> Roots:
    """Select the roots above the hairline, with a slightly irregular edge.

    Args:
        figure: The posed and lit figure.
        count: Number of candidate roots.
        look: Appearance of the patient, which determines how much hair is present.

    Returns:
        The roots.
    """
    pool, surface = root_pool(figure.head), figure.surface
    spots = SurfacePoints(pool.triangle[:count], pool.weights[:count])
    rng = np.random.default_rng([look.seed, 5])
    shared = rng.standard_normal((LEADERS, 4))[clumps(figure.head)[:count]]
    lock = (0.75 * shared + 0.45 * rng.standard_normal((count, 4))).astype(np.float32)
    height = spots.interpolate(figure.height[:, None], surface.triangles)[:, 0]
    grows = height > 0.012 * lock[:, 3] + 0.01
    if look.density < 1:
        grows &= np.random.default_rng([look.seed, 17]).random(count) < np.sqrt(look.density)
    spots = SurfacePoints(spots.triangle[grows], spots.weights[grows])
    return Roots(spots, spots.interpolate(surface.rest, surface.triangles), height[grows], lock[grows])


def _vectors(n: int, x: float | Float32, y: float | Float32, z: float | Float32) -> Float32:
    """Stack n vectors, float32 [n, 3]."""
    return np.stack([np.broadcast_to(np.asarray(c, np.float32), n) for c in (x, y, z)], 1)


def _style(roots: Roots, capture: Capture, curl: float) -> _Style:
    """Return the style of an image."""
    x, y, z = roots.rest.T
    n, t = len(x), capture.hair_length
    ones, never = np.ones(n, np.float32), np.full(n, -9, np.float32)
    top = smoothstep(0.35, 0.85, y)
    crown = unit(roots.rest - WHORL)
    apart = np.where(x > capture.parting, 1, -1).astype(np.float32)
    sway = float(np.sign(capture.parting))
    if capture.hair_style == "buzz":
        return _Style(crown, ones * (0.05 + 0.05 * t), ones * 0.012, ones * 0, never)
    if capture.hair_style == "short":
        comb = unit(crown + _vectors(n, 0.5 * sway, 0.15, 0) * top[:, None])
        return _Style(comb, 0.16 + (0.10 + 0.28 * t) * top, 0.02 + (0.03 + 0.10 * t) * top, ones * 0.15, never)
    if capture.hair_style == "side":
        comb = unit(crown + (unit(_vectors(n, apart, 0.05, -0.35)) - crown) * top[:, None])
        return _Style(comb, 0.20 + (0.45 + 0.45 * t) * top, 0.025 + (0.05 + 0.09 * t) * top, 0.25 + 0.15 * top, never)
    if capture.hair_style == "full":
        tight = float(np.clip((curl - 0.45) * 3, 0, 1))  # straight hair does not stand up
        comb = unit(tight * unit(roots.rest - CENTRE) + (1 - tight) * (crown + _vectors(n, 0.3 * sway, 0.1, 0)))
        return _Style(
            comb, ones * (0.18 + 0.34 * t), ones * (0.05 + 0.05 * t + 0.16 * t * tight), ones * 0.6 * (1 - tight), never
        )
    if capture.hair_style == "tied":
        back = KNOT - roots.rest
        return _Style(unit(back), np.linalg.norm(back, axis=1).astype(np.float32) + 0.35, ones * 0.05, ones * 0, never)
    low = -0.55 - 0.45 * t if capture.hair_style == "bob" else -1.25 - 0.9 * t
    comb = unit(_vectors(n, apart, 0.05, -0.75 - 0.15 * (z < -0.7)))
    return _Style(comb, y - low + 0.65 * top + 0.35, ones * (0.085 + 0.05 * t), ones * 0.95, low + 0.05 * roots.lock[:, 2])


def _fringe(style: _Style, roots: Roots, amount: float) -> tuple[_Style, Bool]:
    """Comb the front over the forehead. Returns the changed style and which strands belong to the fringe."""
    n = len(roots.rest)
    turned = np.abs(np.arctan2(roots.rest[:, 0], roots.rest[:, 2] + 0.75))
    front = (turned < 0.62) & (roots.height < 0.42)
    down = unit(_vectors(n, 0.3 * roots.rest[:, 0], -0.2, 1))
    changed = _Style(
        comb=np.where(front[:, None], down, style.comb),
        length=np.where(front, 0.75, style.length),
        lift=np.where(front, 0.045, style.lift),
        fall=np.where(front, 0.85, style.fall),
        end=np.where(front, 0.72 - 0.38 * amount + 0.03 * roots.lock[:, 2], style.end),
    )
    return changed, front


def hair_growth(figure: Figure, roots: Roots, appearance: Look, capture: Capture, scale: float) -> Growth:
    """Compute the growth parameters of each strand.

    Args:
        figure: The posed and lit figure.
        roots: Roots of the strands.
        appearance: Appearance of the patient, with signs.
        capture: Conditions of the image, including the hair style.
        scale: Size of the patient's head relative to the neutral head.

    Returns:
        The growth parameters.
    """
    style, curl = _style(roots, capture, appearance.curl), appearance.curl
    front = np.zeros(len(roots.rest), np.bool_)
    if capture.fringe > 0 and capture.hair_style in FRINGED:
        style, front = _fringe(style, roots, capture.fringe)
    tied = capture.hair_style == "tied"
    scatter = 0.03 + 0.05 * curl if tied else 0.07 + 0.30 * curl + 0.10 * (capture.hair_style == "short")
    lift = style.lift * (1 + 0.35 * np.abs(roots.lock[:, 3])) * (1 + 0.6 * curl) * np.clip(roots.height / 0.10, 0.15, 1)
    if capture.hair_style in ("side", "bob", "long"):
        lift = lift * np.clip(0.35 + 2.6 * np.abs(roots.rest[:, 0] - capture.parting), 0.35, 1)  # flat along the parting
    length = style.length * (1 + 0.12 * roots.lock[:, 2]) * np.clip(0.55 + roots.height / 0.15, 0.55, 1)
    swing = curl * np.minimum(0.06, 0.22 * length) * (0.15 if tied else 1.0) + 0.006
    values = (
        roots.spots.interpolate(figure.fine, figure.surface.triangles),
        unit(roots.spots.interpolate(figure.normals, figure.surface.triangles)),
        unit(style.comb + scatter * roots.lock[:, :3]),
        np.maximum(length, 0.03) * scale,
        lift * scale,
        style.fall,
        style.end * scale,
        swing * scale,
        roots.lock[:, 1] * 3,
        ~front,
        np.where(front, 0.1, CLING[capture.hair_style] * (1 - 0.5 * curl)),
    )
    return Growth(*(np.ascontiguousarray(value, np.float32) for value in values))
