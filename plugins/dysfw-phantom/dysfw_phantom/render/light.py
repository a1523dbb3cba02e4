"""Light on the mesh: a shadowed key light, a fill and a sky, softened under the skin.

Irradiance is computed at the vertices and then diffused along the mesh, red farthest: what scattering under skin does to
the edge of a shadow (d'Eon et al., Efficient rendering of human skin, 2007, do this in texture space).
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numba as nb
import numpy as np

from dysfw.plugin import Bool, Float32
from dysfw_phantom.render.surface import Int32, Surface

SHADOW_SIDE = 224  # px of the light's depth map
TAPS = 11
BIAS = 0.035  # dm by which a surface may lie behind itself
WRAP = 0.22  # how far past the terminator the key light reaches under the skin, as a cosine


class Lights(NamedTuple):
    """Directions are float32 [3] unit vectors towards the light; colours float32 [3], linear."""

    key: Float32
    key_colour: Float32
    softness: float
    fill: Float32
    fill_colour: Float32
    sky_colour: Float32
    ground_colour: Float32


@nb.njit(cache=True)
def _seen(vertices: Float32, frame: Float32, scale: float, middle: float) -> Float32:
    """float32 [N, 3]: where the light sees each vertex, px of its depth map, and how near to it, dm."""
    out = np.empty(vertices.shape, np.float32)
    for i in range(len(vertices)):
        for c in range(3):
            d = vertices[i, 0] * frame[c, 0] + vertices[i, 1] * frame[c, 1] + vertices[i, 2] * frame[c, 2]
            out[i, c] = d if c == 2 else (d + 0.35 * c) * scale + middle
    return out


@nb.njit(cache=True)
def _depth_map(seen: Float32, triangles: Int32, keep: Bool, side: int) -> Float32:
    """float32 [side, side]: the nearest that the light sees."""
    out = np.full((side, side), -1e9, np.float32)
    for t in range(len(triangles)):
        if not keep[t]:
            continue
        i, j, k = triangles[t]
        x, y, z = seen[i]
        ux, uy, wx, wy = seen[j, 0] - x, seen[j, 1] - y, seen[k, 0] - x, seen[k, 1] - y
        area = ux * wy - uy * wx
        if abs(area) < 1e-9:
            continue
        left, right = max(0, int(np.ceil(min(x, x + ux, x + wx) - 0.5))), min(side - 1, int(max(x, x + ux, x + wx) - 0.5))
        top, bottom = max(0, int(np.ceil(min(y, y + uy, y + wy) - 0.5))), min(side - 1, int(max(y, y + uy, y + wy) - 0.5))
        for v in range(top, bottom + 1):
            for u in range(left, right + 1):
                px, py = u + 0.5 - x, v + 0.5 - y
                b, c = (px * wy - py * wx) / area, (ux * py - uy * px) / area
                if b >= 0 and c >= 0 and b + c <= 1:
                    out[v, u] = max(out[v, u], z + b * (seen[j, 2] - z) + c * (seen[k, 2] - z))
    return out


@nb.njit(cache=True)
def _lit(seen: Float32, normals: Float32, key: Float32, depth: Float32, taps: Float32) -> Float32:
    """float32 [N]: the share of taps [n, 2] px around a vertex that see the light, each fading over BIAS of depth."""
    side = len(depth)
    out = np.zeros(len(seen), np.float32)
    for i in range(len(seen)):
        facing = normals[i, 0] * key[0] + normals[i, 1] * key[1] + normals[i, 2] * key[2]
        if facing < -0.35:
            continue
        slope = BIAS * (1 + 2.5 * (1 - max(facing, 0.0)))
        total = 0.0
        for t in range(len(taps)):
            u = min(max(int(seen[i, 0] + taps[t, 0]), 0), side - 1)
            v = min(max(int(seen[i, 1] + taps[t, 1]), 0), side - 1)
            total += 1 - min(max((depth[v, u] - seen[i, 2] - slope) / BIAS, 0.0), 1.0)
        out[i] = total / len(taps)
    return out


def _taps(radius: float) -> Float32:
    """Points of a sunflower's spiral in a disc of that radius: float32 [TAPS, 2]."""
    i = np.arange(TAPS)
    angle = i * 2.399963
    points = radius * np.sqrt((i + 0.5) / TAPS)[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    return np.asarray(points, dtype=np.float32)


def shadow(vertices: Float32, normals: Float32, surface: Surface, casts: Bool, lights: Lights) -> Float32:
    """float32 [N]: how much of the key light reaches each vertex. casts: bool [T], the coarse triangles that throw shadows."""
    towards = lights.key.astype(np.float64)
    across = np.cross([0.0, 1.0, 0.0], towards)
    across /= np.linalg.norm(across)
    frame = np.stack([across, np.cross(towards, across), towards]).astype(np.float32)
    scale = SHADOW_SIDE / 4.2  # px per dm: the head and the top of the shoulders
    seen = _seen(vertices, frame, scale, SHADOW_SIDE / 2)
    depth = _depth_map(seen, surface.coarse, casts, SHADOW_SIDE)
    return _lit(seen, normals, lights.key, depth, _taps(lights.softness * scale))


@nb.njit(cache=True)
def _diffuse(values: Float32, starts: Int32, neighbours: Int32, rounds: Int32) -> Float32:
    """values float32 [N, C]: each channel averaged with its neighbours, rounds[c] times."""
    out = values.copy()
    for c in range(values.shape[1]):
        current, after = values[:, c].copy(), values[:, c].copy()
        for _ in range(rounds[c]):
            for i in range(len(values)):
                first, last = starts[i], starts[i + 1]
                total = np.float32(0)
                for n in range(first, last):
                    total += current[neighbours[n]]
                after[i] = np.float32(0.4) * current[i] + np.float32(0.6) * total / max(last - first, 1)
            current, after = after, current
        out[:, c] = current
    return out


@nb.njit(cache=True)
def _direct(normals: Float32, lit: Float32, key: Float32, colour: Float32) -> Float32:
    out = np.empty(normals.shape, np.float32)
    for i in range(len(normals)):
        facing = normals[i, 0] * key[0] + normals[i, 1] * key[1] + normals[i, 2] * key[2]
        e = max((facing + WRAP) / (1 + WRAP), 0.0) * lit[i]
        for c in range(3):
            out[i, c] = e * colour[c]
    return out


@nb.njit(cache=True)
def _evaluation_data(key: Float32, normals: Float32, openness: Float32, lights: Lights) -> Float32:
    out = np.empty(normals.shape, np.float32)
    for i in range(len(normals)):
        nx, ny, nz = normals[i]
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
    """float32 [N, 3]: how much of the sky reaches a vertex; light that bounces in creases comes out red."""
    open_ = np.where(
        surface.vertex_part >= 5, np.float32(0.75), surface.occlusion
    )  # teeth and tongue: baked behind closed lips
    return np.asarray(open_[:, None] ** np.array([1.15, 1.4, 1.5], np.float32), dtype=np.float32)


def irradiance(surface: Surface, normals: Float32, lit: Float32, lights: Lights) -> Float32:
    """float32 [N, 3]: light that reaches each vertex from above its skin, after scattering below."""
    key = _direct(normals, lit, lights.key, lights.key_colour)
    key = _diffuse(key, surface.starts, surface.neighbours, np.array([4, 2, 1], np.int32))
    return _evaluation_data(key, normals, _openness(surface), lights)
