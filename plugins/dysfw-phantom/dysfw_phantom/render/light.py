"""Lighting of the mesh: a key light with shadows, a fill light, a sky, and subsurface scattering.

Irradiance is computed at the vertices and then diffused along the mesh, most for red, which imitates scattering under the skin
at the edge of a shadow. d'Eon E, Luebke D, Enderton E. Efficient rendering of human skin. EGSR 2007 (there in texture space).
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numba as nb
import numpy as np

from dysfw.plugin import Bool, Float32
from dysfw_phantom.render.surface import Int32, Surface

SHADOW_SIDE = 224  # side of the depth map of the light, px
TAPS = 11
BIAS = 0.035  # depth tolerance against self-shadowing, dm
WRAP = 0.22  # cosine by which the key light reaches past the terminator


class Lights(NamedTuple):
    """Lights of a scene. Directions are unit vectors towards the light, colours are linear RGB; all are float32 [3].

    Attributes:
        key: Direction of the key light.
        key_colour: Colour of the key light.
        softness: Blur of shadow edges, dm.
        fill: Direction of the fill light.
        fill_colour: Colour of the fill light.
        sky_colour: Ambient light from above.
        ground_colour: Ambient light from below.
    """

    key: Float32
    key_colour: Float32
    softness: float
    fill: Float32
    fill_colour: Float32
    sky_colour: Float32
    ground_colour: Float32


@nb.njit(cache=True)
def _project(vertices: Float32, frame: Float32, scale: float, centre: float) -> Float32:
    """Project vertices into the depth map of the light: float32 [N, 3], x and y in px and nearness in dm."""
    out = np.empty(vertices.shape, np.float32)
    for i in range(len(vertices)):
        for c in range(3):
            d = vertices[i, 0] * frame[c, 0] + vertices[i, 1] * frame[c, 1] + vertices[i, 2] * frame[c, 2]
            out[i, c] = d if c == 2 else (d + 0.35 * c) * scale + centre
    return out


@nb.njit(cache=True)
def _depth_map(projected: Float32, triangles: Int32, keep: Bool, side: int) -> Float32:
    """Render the depth map of the light, float32 [side, side]: the nearest surface in each cell."""
    out = np.full((side, side), -1e9, np.float32)
    for t in range(len(triangles)):
        if not keep[t]:
            continue
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        x, y, z = projected[i, 0], projected[i, 1], projected[i, 2]
        ux, uy, wx, wy = projected[j, 0] - x, projected[j, 1] - y, projected[k, 0] - x, projected[k, 1] - y
        area = ux * wy - uy * wx
        if abs(area) < 1e-9:
            continue
        left, right = max(0, int(np.ceil(min(x, x + ux, x + wx) - 0.5))), min(side - 1, int(max(x, x + ux, x + wx) - 0.5))
        top, bottom = max(0, int(np.ceil(min(y, y + uy, y + wy) - 0.5))), min(side - 1, int(max(y, y + uy, y + wy) - 0.5))
        for v in range(top, bottom + 1):
            for u in range(left, right + 1):
                px, py = u + 0.5 - x, v + 0.5 - y
                b, c = px * wy - py * wx, ux * py - uy * px
                if (b < 0 or c < 0) if area > 0 else (b > 0 or c > 0):  # outside, known without a division
                    continue
                b, c = b / area, c / area
                if b + c <= 1:
                    out[v, u] = max(out[v, u], z + b * (projected[j, 2] - z) + c * (projected[k, 2] - z))
    return out


@nb.njit(cache=True)
def _lit_fraction(projected: Float32, normals: Float32, key: Float32, depth: Float32, taps: Float32) -> Float32:
    """Return the fraction of taps [n, 2] px around each vertex that are lit, float32 [N], fading over a depth of BIAS."""
    side = len(depth)
    out = np.zeros(len(projected), np.float32)
    for i in range(len(projected)):
        facing = normals[i, 0] * key[0] + normals[i, 1] * key[1] + normals[i, 2] * key[2]
        if facing < -0.35:
            continue
        slope = BIAS * (1 + 2.5 * (1 - max(facing, 0.0)))
        total = 0.0
        for t in range(len(taps)):
            u = min(max(int(projected[i, 0] + taps[t, 0]), 0), side - 1)
            v = min(max(int(projected[i, 1] + taps[t, 1]), 0), side - 1)
            total += 1 - min(max((depth[v, u] - projected[i, 2] - slope) / BIAS, 0.0), 1.0)
        out[i] = total / len(taps)
    return out


def _taps(radius: float) -> Float32:
    """Return points of a golden-angle spiral in a disc, float32 [TAPS, 2]."""
    i = np.arange(TAPS)
    angle = i * 2.399963
    points = radius * np.sqrt((i + 0.5) / TAPS)[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    return np.asarray(points, dtype=np.float32)


def shadow(vertices: Float32, normals: Float32, surface: Surface, casts: Bool, lights: Lights) -> Float32:
    """Compute how much of the key light reaches each vertex.

    Args:
        vertices: Posed vertices of the refined mesh, float32 [N, 3], dm.
        normals: Posed normals, float32 [N, 3].
        surface: The refined mesh.
        casts: Which triangles of the coarse mesh cast shadows, bool [T].
        lights: Lights of the scene.

    Returns:
        Fraction from 0 (in shadow) to 1 (lit), float32 [N].
    """
    towards = lights.key.astype(np.float64)
    across = np.cross([0.0, 1.0, 0.0], towards)
    across /= np.linalg.norm(across)
    frame = np.stack([across, np.cross(towards, across), towards]).astype(np.float32)
    scale = SHADOW_SIDE / 4.2  # px per dm: the head and the top of the shoulders
    projected = _project(vertices, frame, scale, SHADOW_SIDE / 2)
    depth = _depth_map(projected, surface.coarse, casts, SHADOW_SIDE)
    return _lit_fraction(projected, normals, lights.key, depth, _taps(lights.softness * scale))


@nb.njit(cache=True)
def _diffuse(values: Float32, starts: Int32, neighbours: Int32, rounds: Int32) -> Float32:
    """Average each channel of values, float32 [N, C], with those of the neighbours, rounds[c] times."""
    out = values.copy()
    for c in range(values.shape[1]):
        current, after = values[:, c].copy(), values[:, c].copy()
        for _ in range(rounds[c]):
            for i in range(len(values)):
                first, last = starts[i], starts[i + 1]
                total = np.float32(0)
                for n in range(first, last):
                    total += current[np.uintp(neighbours[np.uintp(n)])]  # unsigned: not counted from the end
                after[i] = np.float32(0.4) * current[i] + np.float32(0.6) * total / max(last - first, 1)
            current, after = after, current
        out[:, c] = current
    return out


@nb.njit(cache=True)
def _direct(normals: Float32, lit: Float32, key: Float32, colour: Float32) -> Float32:
    """Irradiance of the key light, float32 [N, 3]."""
    out = np.empty(normals.shape, np.float32)
    for i in range(len(normals)):
        facing = normals[i, 0] * key[0] + normals[i, 1] * key[1] + normals[i, 2] * key[2]
        e = max((facing + WRAP) / (1 + WRAP), 0.0) * lit[i]
        for c in range(3):
            out[i, c] = e * colour[c]
    return out


@nb.njit(cache=True)
def _total_irradiance(key: Float32, normals: Float32, openness: Float32, lights: Lights) -> Float32:
    """Add fill and ambient light to the irradiance of the key light, float32 [N, 3]."""
    out = np.empty(normals.shape, np.float32)
    for i in range(len(normals)):
        nx, ny, nz = normals[i, 0], normals[i, 1], normals[i, 2]
        fill = max(0.45 + 0.55 * (nx * lights.fill[0] + ny * lights.fill[1] + nz * lights.fill[2]), 0.0)
        front = 0.70 + 0.30 * max(nz, 0.0)  # the sides of the head face a darker room
        up = 0.5 + 0.5 * ny
        for c in range(3):
            around = lights.ground_colour[c] + (lights.sky_colour[c] - lights.ground_colour[c]) * up
            o = openness[i, c]
            out[i, c] = key[i, c] * (0.45 + 0.55 * o) + (around * front + fill * lights.fill_colour[c]) * o
    return out


@functools.lru_cache(maxsize=4)
def _openness(surface: Surface) -> Float32:
    """Fraction of the sky that each vertex sees, float32 [N, 3], reddish in creases because of interreflection."""
    # the occlusion of teeth and tongue was computed with closed lips
    open_ = np.where(surface.vertex_part >= 5, np.float32(0.75), surface.occlusion)
    return np.asarray(open_[:, None] ** np.array([1.15, 1.4, 1.5], np.float32), dtype=np.float32)


def irradiance(surface: Surface, normals: Float32, lit: Float32, lights: Lights) -> Float32:
    """Compute the irradiance at each vertex, including subsurface scattering.

    Args:
        surface: The refined mesh.
        normals: Posed normals, float32 [N, 3].
        lit: Fraction of the key light that reaches each vertex, float32 [N].
        lights: Lights of the scene.

    Returns:
        Linear RGB, float32 [N, 3].
    """
    key = _direct(normals, lit, lights.key, lights.key_colour)
    key = _diffuse(key, surface.starts, surface.neighbours, np.array([4, 2, 1], np.int32))
    return _total_irradiance(key, normals, _openness(surface), lights)
