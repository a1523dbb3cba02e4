"""Hair as strands that grow from the scalp, are combed, fall and rest on the head."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numba as nb
import numpy as np
import numpy.typing as npt

from dysfw.plugin import Float32
from dysfw_phantom.render.appearance import GREY
from dysfw_phantom.render.camera import smoothstep
from dysfw_phantom.render.capture import Capture
from dysfw_phantom.render.figure import Figure
from dysfw_phantom.render.light import Lights
from dysfw_phantom.render.scalp import CENTRE, radii, radius_at
from dysfw_phantom.render.signs import Look
from dysfw_phantom.render.strands import Strands
from dysfw_phantom.render.styles import Growth, Roots, hair_growth, hair_roots, unit
from dysfw_phantom.render.uncounted import uncounted

if TYPE_CHECKING:
    from dysfw_phantom.mesh import HeadMesh

POINTS = 11
# Fraction of the length of a strand at each point; short at the root, where a strand bends most.
ALONG = np.array([(k / (POINTS - 1)) ** 1.5 for k in range(POINTS)])
FACE = np.array([0.66, -0.45, 0.62], np.float32)  # area free of hair, dm: half its width, minimum z, maximum y
CHEEKS = -0.15  # maximum z of hair beside the cheeks, dm
WIDTH = 0.020  # width of a strand with 3000 roots, dm


@nb.njit(inline="always")
def _onto(x: float, y: float, z: float, out: float, s: int, g: Growth, radii: Float32) -> tuple[float, float, float]:  # noqa: PLR0917 numba
    """Keep a point of strand s, ``out`` dm from its root, above the skin and pull it back towards the skin."""
    qx, qy, qz = x - CENTRE[0], y - CENTRE[1], z - CENTRE[2]
    length = np.sqrt(qx * qx + qy * qy + qz * qz) + 1e-9
    floor = radius_at(radii, qx, qy, qz, length) + g.lift[s] * min(1.0, out / 0.12 + 0.15)
    push = 1.0
    if length < floor:
        push = floor / length
    elif y > -0.4:
        push = 1 - g.cling[s] * (length - floor) / length
    return CENTRE[0] + qx * push, CENTRE[1] + qy * push, CENTRE[2] + qz * push


@nb.njit(inline="always")
def _beside(x: float, y: float, z: float, side: float, scale: float) -> tuple[float, float, bool]:
    """Move a point beside the face. Returns x, z and whether that is too far, in which case the strand ends."""
    if y > FACE[2] * scale or z < FACE[1] * scale:
        return x, z, False
    min_x = scale * FACE[0] * (1 - 0.25 * max(0.0, (y - 0.1) / 0.6))
    if abs(x) >= min_x:
        return x, z, False
    if abs(x) < min_x - 0.10:
        return x, z, True
    return side * min_x, min(z, CHEEKS) if y < 0.35 else z, False


@uncounted
def _trace(  # noqa: PLR0917 numba
    g: Growth, radii: Float32, scale: float, along: npt.NDArray[np.float64], points: Float32, opacity: Float32
) -> None:
    """See ``_grow``. Writes points and opacity."""
    for s in range(len(g.root)):
        x, y, z = g.root[s, 0], g.root[s, 1], g.root[s, 2]
        cx, cy, cz = g.comb[s, 0], g.comb[s, 1], g.comb[s, 2]
        stand = min(1.0, 0.08 + 2.5 * g.lift[s])
        dx, dy, dz = cx + stand * g.normal[s, 0], cy + stand * g.normal[s, 1], cz + stand * g.normal[s, 2]
        side = 1.0 if x + 0.3 * cx >= 0 else -1.0
        out, ended = 0.0, False
        winding = min(22.5, 1.07 * (POINTS - 1) / g.length[s])  # radians per dm, limited to what the points can represent
        for k in range(POINTS):
            if k > 0:
                step = g.length[s] * along[k] - out
                out += step
                fall = g.fall[s] * min(1.0, out / 0.5)
                keep = np.exp(-step / 0.12)
                dx = dx * keep + cx * (1 - keep) * (1 - fall)
                dy = dy * keep + cy * (1 - keep) * (1 - fall) - fall * (1 - keep)
                dz = dz * keep + cz * (1 - keep) * (1 - fall)
                length = np.sqrt(dx * dx + dy * dy + dz * dz) + 1e-9
                ox, oy, oz = x, y, z
                x, y, z = _onto(x + dx / length * step, y + dy / length * step, z + dz / length * step, out, s, g, radii)
                if g.keep[s] > 0.5:
                    x, z, far = _beside(x, y, z, side, scale)
                    ended = ended or far
                dx, dy, dz = x - ox, y - oy, z - oz
                length = np.sqrt(dx * dx + dy * dy + dz * dz) + 1e-9
                dx, dy, dz = dx / length, dy / length, dz / length
            ended = ended or y < g.end[s]
            opacity[s, k] = 0.0 if ended else 1.0
            turn, swing = g.phase[s] + winding * out, g.curl[s] * min(1.0, out / 0.08)
            points[s, k, 0] = x + swing * np.sin(turn)
            points[s, k, 1] = y + swing * 0.6 * np.cos(turn * 0.9 + 1)
            points[s, k, 2] = z + swing * np.cos(turn)


def _grow(g: Growth, radii: Float32, scale: float) -> tuple[Float32, Float32]:
    """Grow strands on a head with the given radii and scale: points float32 [S, POINTS, 3] and opacity [S, POINTS]."""
    points = np.empty((len(g.root), POINTS, 3), np.float32)
    opacity = np.ones((len(g.root), POINTS), np.float32)
    _trace(g, radii, scale, ALONG, points, opacity)
    return points, opacity


@nb.njit(cache=True)
def _shine(points: Float32, outward: Float32, base: Float32, depth: Float32, tilt: Float32, lights: Lights) -> Float32:  # noqa: PLR0917 numba
    """Shade posed strands: colours [S, K, 3].

    Kajiya JT, Kay TL. Rendering fur with three dimensional textures. SIGGRAPH 1989.
    """
    count, steps, _ = points.shape
    out = np.empty(points.shape, np.float32)
    key = lights.key
    half = key + np.array([0.0, 0.0, 1.0], np.float32)
    half /= np.sqrt((half * half).sum())
    for s in range(count):
        mean = (base[s, 0] + base[s, 1] + base[s, 2]) / 3
        for k in range(steps):
            i, j = max(k - 1, 0), min(k + 1, steps - 1)
            tx, ty, tz = points[s, j, 0] - points[s, i, 0], points[s, j, 1] - points[s, i, 1], points[s, j, 2] - points[s, i, 2]
            length = np.sqrt(tx * tx + ty * ty + tz * tz) + 1e-9
            along_key = (tx * key[0] + ty * key[1] + tz * key[2]) / length
            along_half = (tx * half[0] + ty * half[1] + tz * half[2]) / length + tilt[s]
            nx, ny, nz = outward[s, k, 0], outward[s, k, 1], outward[s, k, 2]
            facing = min(max(0.30 + 0.70 * (nx * key[0] + ny * key[1] + nz * key[2]), 0.0), 1.0)
            diffuse = np.sqrt(max(1 - along_key * along_key, 0.0)) * facing
            toward = max(nx * half[0] + ny * half[1] + nz * half[2], 0.0)
            glint = max(1 - along_half * along_half, 0.0) ** 16 * facing * (0.25 + 0.75 * toward * toward)
            for c in range(3):
                around = lights.ground_colour[c] + (lights.sky_colour[c] - lights.ground_colour[c]) * (0.5 + 0.5 * ny)
                light = diffuse * lights.key_colour[c] + 0.75 * around + 0.5 * lights.fill_colour[c]
                gloss = (0.07 + 0.5 * base[s, c] + 0.5 * mean) * glint * lights.key_colour[c]
                out[s, k, c] = depth[s, k] * (base[s, c] * light + gloss)
    return out


def _forelock(roots: Roots) -> Float32:
    """Return how far each strand belongs to the lock in the middle above the forehead, float32 [S]."""
    across = roots.rest[:, 0] + 0.03 * roots.lock[:, 0]
    return np.asarray(
        smoothstep(0.17, 0.10, np.abs(across)) * smoothstep(0.55, 0.40, roots.height) * (roots.rest[:, 2] > CENTRE[2])
    )


def _colours(appearance: Look, roots: Roots) -> Float32:
    """Return the base colours of the strands, float32 [S, 3], with individual greying."""
    lock = roots.lock
    grey = np.zeros(len(lock))
    if appearance.grey > 0:
        scatter = np.random.default_rng([appearance.seed, 6]).standard_normal(len(lock))
        grey = np.clip(1.3 * appearance.grey - 0.15 + 0.28 * scatter, 0, 1)
    if appearance.forelock:
        grey = np.maximum(grey, appearance.forelock * _forelock(roots))
    base = grey[:, None] * np.array(GREY) + (1 - grey[:, None]) * np.array(appearance.hair)
    return np.asarray(base * np.clip(1 + 0.22 * lock[:, :1], 0.4, 2) ** 2, dtype=np.float32)


def _lit(points: Float32, growth: Growth, roots: Roots, figure: Figure, appearance: Look) -> tuple[Float32, Float32]:
    """Pose and shade the strands: points [S, K, 3] and colours [S, K, 3], darker below other hair and behind the neck."""
    pose = figure.pose
    posed = pose.transform_points(points, points[..., 1])
    outward = unit(posed - pose.transform_points(CENTRE[None], CENTRE[1:2])[0])
    level = np.clip(growth.lift / (growth.lift.mean() * 1.5 + 1e-6), 0, 1)[:, None]
    along = np.linspace(0, 1, POINTS, dtype=np.float32)[None] ** 1.5
    depth = (0.50 + 0.50 * level) * (0.55 + 0.45 * np.minimum(1, along * 3))
    depth *= 1 - 0.6 * smoothstep(-0.15, -0.9, points[..., 2]) * smoothstep(-0.1, -0.6, points[..., 1])
    tilt = np.ascontiguousarray(0.10 * roots.lock[:, 0])
    return posed, _shine(posed, outward, _colours(appearance, roots), depth.astype(np.float32), tilt, figure.lights)


@functools.lru_cache(maxsize=4)
def _mean_radius(head: HeadMesh) -> float:
    return float(radii(head, head.vertices).mean())


def hair_strands(figure: Figure, appearance: Look, capture: Capture, count: int) -> Strands | None:
    """Build the hair of an image.

    Args:
        figure: The posed and lit figure.
        appearance: Appearance of the patient, with signs.
        capture: Conditions of the image, including the hair style.
        count: Number of candidate roots.

    Returns:
        The lit strands, farthest first; None if there is no hair.
    """
    roots = hair_roots(figure, count, appearance)
    if capture.hair_style == "bald" or len(roots.height) == 0:
        return None
    reach = radii(figure.head, figure.vertices)
    scale = float(reach.mean()) / _mean_radius(figure.head)
    growth = hair_growth(figure, roots, appearance, capture, scale)
    points, opacity = _grow(growth, reach, scale)
    posed, colour = _lit(points, growth, roots, figure, appearance)
    order = np.argsort(posed[..., 2].mean(1) + 0.5 * growth.lift, kind="stable")
    broad = np.clip(WIDTH + 0.006 * (1 - growth.keep) + 0.006 * roots.lock[:, 3], 0.008, None) * np.sqrt(3000 / count) * scale
    broad *= appearance.strand * np.sqrt(appearance.density)  # sparse hair is thin, too
    width = (broad[:, None] * np.linspace(1, 0.35, POINTS)).astype(np.float32)
    opacity *= np.linspace(0.92, 0.74, POINTS, dtype=np.float32)
    return Strands(posed[order], colour[order], width[order], opacity[order])
