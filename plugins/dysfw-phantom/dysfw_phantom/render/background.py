"""Backgrounds: out-of-focus scenes in muted colours."""

from __future__ import annotations

import numba as nb
import numpy as np

from dysfw.plugin import Float32
from dysfw_phantom.render.sensor import blur
from dysfw_phantom.render.skin import to_linear

KINDS = ("clinic", "wall", "room", "window", "garden", "street")
SIDE = 64  # px: scenes are painted at low resolution, because they are out of focus

WALLS = ((214, 209, 200), (190, 196, 198), (226, 222, 214), (201, 188, 170), (168, 178, 172), (150, 152, 158), (208, 198, 190))
CLINIC = ((150, 178, 196), (176, 198, 206), (126, 158, 184), (196, 210, 214), (158, 184, 176), (222, 226, 226))
GREENS = ((74, 92, 56), (96, 110, 66), (58, 76, 50), (118, 124, 78), (84, 100, 70))
SKIES = ((186, 204, 222), (208, 216, 222), (168, 190, 214), (224, 222, 216))
OBJECTS = (
    (122, 92, 70),
    (92, 84, 80),
    (150, 134, 112),
    (70, 82, 96),
    (134, 78, 64),
    (176, 164, 146),
    (96, 108, 90),
    (60, 58, 60),
    (196, 186, 170),
)


def _pick(rng: np.random.Generator, colours: tuple[tuple[int, int, int], ...]) -> Float32:
    """Draw one of the sRGB colours, vary it slightly and convert it to linear float32 [3]."""
    colour = np.array(colours[rng.integers(len(colours))], np.float32) / 255
    return to_linear(np.clip(colour * rng.uniform(0.9, 1.08) + rng.normal(0, 0.012, 3), 0.02, 0.98).astype(np.float32))


@nb.njit(cache=True)
def _discs(scene: Float32, places: Float32, colours: Float32) -> None:
    """Blend soft discs (bokeh) into the scene in place.

    places: float32 [n, 4] (x, y, radius, opacity); colours: float32 [n, 3].
    """
    side = len(scene)
    for i in range(len(places)):
        x, y, radius, opacity = places[i, 0], places[i, 1], places[i, 2], places[i, 3]
        for v in range(max(0, int(y - radius)), min(side, int(y + radius) + 2)):
            for u in range(max(0, int(x - radius)), min(side, int(x + radius) + 2)):
                distance = np.sqrt((u - x) ** 2 + (v - y) ** 2)
                a = min(max(radius - distance + 0.5, 0.0), 1.0) * opacity
                for c in range(3):
                    scene[v, u, c] += (colours[i, c] - scene[v, u, c]) * a


def _plain(rng: np.random.Generator, colours: tuple[tuple[int, int, int], ...]) -> Float32:
    """Paint a wall lit from one side, sometimes with a corner or a dado rail."""
    ramp = np.linspace(-1, 1, SIDE)
    light = 1 + rng.uniform(-0.22, 0.22) * ramp[None] + rng.uniform(-0.15, 0.05) * ramp[:, None]
    light = light - rng.uniform(0.0, 0.16) * (ramp[None] ** 2 + ramp[:, None] ** 2)
    scene = _pick(rng, colours) * light[..., None]
    if rng.random() < 0.3:
        at = int(rng.integers(0, SIDE))
        scene[:, at:] *= rng.uniform(0.78, 0.95)
    if rng.random() < 0.2:
        at = int(rng.integers(SIDE // 2, SIDE))
        scene[at:] = scene[at:] * 0.4 + 0.6 * _pick(rng, colours) * 0.8
    return blur(np.ascontiguousarray(scene, np.float32), rng.uniform(0.8, 2.0))


def _boxes(scene: Float32, rng: np.random.Generator, count: int, low: float) -> None:
    """Paint upright boxes into the scene: furniture, books, frames."""
    for _ in range(count):
        w, h = int(rng.integers(3, 16)), int(rng.integers(6, 34))
        x, foot = int(rng.integers(-4, SIDE)), int(rng.integers(int(low * SIDE), SIDE + 10))
        box = scene[max(0, foot - h) : max(0, foot), max(0, x) : max(0, x + w)]
        box[:] = box * 0.15 + 0.85 * _pick(rng, OBJECTS) * rng.uniform(0.5, 1.0)


def _room(rng: np.random.Generator) -> Float32:
    scene = _plain(rng, WALLS) * np.float32(rng.uniform(0.55, 0.9))
    if rng.random() < 0.5:  # a shelf of books
        top = int(rng.integers(2, 30))
        for shelf in range(top, SIDE, int(rng.integers(14, 24))):
            scene[shelf : shelf + 2] *= 0.5
            x = int(rng.integers(0, 10))
            while x < SIDE:
                w, h = int(rng.integers(2, 6)), int(rng.integers(7, 12))
                scene[max(0, shelf - h) : shelf, x : x + w] = _pick(rng, OBJECTS) * rng.uniform(0.4, 1.0)
                x += w + int(rng.random() < 0.2) * 4
    else:
        _boxes(scene, rng, int(rng.integers(3, 9)), 0.3)
    return blur(scene, rng.uniform(1.2, 3.0))


def _window(rng: np.random.Generator) -> Float32:
    scene = _plain(rng, WALLS) * np.float32(0.6)
    x, w = int(rng.integers(-10, 44)), int(rng.integers(18, 36))
    y, h = int(rng.integers(-10, 14)), int(rng.integers(26, 50))
    panes = scene[max(0, y) : y + h, max(0, x) : x + w]
    fade = np.linspace(0, 1, panes.shape[0])[:, None, None]
    panes[:] = _pick(rng, SKIES) * (1.25 - 0.5 * fade) + fade**2 * 0.3 * (_pick(rng, GREENS) - 0.2)
    scene[:, max(0, x + w // 2) : max(0, x + w // 2 + 2)] *= 0.5
    _boxes(scene, rng, int(rng.integers(0, 4)), 0.6)
    return blur(np.clip(scene, 0.01, 1.2).astype(np.float32), rng.uniform(1.2, 2.6))


def _scatter(
    scene: Float32, rng: np.random.Generator, colours: tuple[tuple[int, int, int], ...], count: int, layout: tuple[float, ...]
) -> None:
    """Paint ``count`` discs. layout: mean and standard deviation of their height, then minimum and maximum radius, px."""
    mean, std, min_radius, max_radius = layout
    x, y = rng.uniform(0, SIDE, count), rng.normal(mean, std, count)
    places = np.stack([x, y, rng.uniform(min_radius, max_radius, count), rng.uniform(0.2, 0.65, count)], 1)
    tones = np.array(colours, np.float32)[rng.integers(len(colours), size=count)] / np.float32(255)
    lights = to_linear(tones) * rng.uniform(0.4, 1.4, (count, 1)).astype(np.float32)
    _discs(scene, places.astype(np.float32), lights)


def _outdoors(rng: np.random.Generator, street: bool) -> Float32:
    horizon = rng.uniform(0.25, 0.7) * SIDE
    rows = np.arange(SIDE)[:, None, None]
    edge = 1 / (1 + np.exp(-(rows - horizon - 3 * np.sin(np.linspace(0, 9, SIDE) + rng.uniform(0, 6))[None, :, None]) / 2.5))
    ground = _pick(rng, OBJECTS if street else GREENS) * (0.7 + 0.5 * rows / SIDE)
    scene = np.ascontiguousarray(_pick(rng, SKIES) * (1.05 - 0.25 * rows / SIDE) * (1 - edge) + ground * edge, np.float32)
    if street:
        _boxes(scene, rng, int(rng.integers(5, 11)), 0.4)
    leaves = OBJECTS if street else GREENS
    _scatter(scene, rng, leaves, int(rng.integers(30, 90)), (horizon, 0.22 * SIDE, 1.5, 6.5))
    scene = blur(scene, rng.uniform(0.8, 2.2))
    _scatter(scene, rng, SKIES, int(rng.integers(0, 14)), (horizon - 8, 10, 1.2, 3.5))  # light between the leaves
    return blur(scene, 0.7)


@nb.njit(cache=True)
def _enlarge(scene: Float32, side: int) -> Float32:
    """Resize a square scene bilinearly to float32 [side, side, 3]."""
    small = len(scene)
    out = np.empty((side, side, 3), np.float32)
    for y in range(side):
        v = min(max((y + 0.5) * small / side - 0.5, 0.0), small - 1.001)
        i, fy = int(v), v - int(v)
        for x in range(side):
            u = min(max((x + 0.5) * small / side - 0.5, 0.0), small - 1.001)
            j, fx = int(u), u - int(u)
            for c in range(3):
                top = scene[i, j, c] * (1 - fx) + scene[i, j + 1, c] * fx
                low = scene[i + 1, j, c] * (1 - fx) + scene[i + 1, j + 1, c] * fx
                out[y, x, c] = top * (1 - fy) + low * fy
    return out


def background(kind: str, seed: int, side: int) -> Float32:
    """Paint a background.

    Args:
        kind: One of ``KINDS``.
        seed: Random seed.
        side: Side of the square image, px.

    Returns:
        Linear RGB, float32 [side, side, 3].
    """
    rng = np.random.default_rng([seed, 31])
    if kind in ("clinic", "wall"):
        scene = _plain(rng, CLINIC if kind == "clinic" else WALLS)
    elif kind == "room":
        scene = _room(rng)
    elif kind == "window":
        scene = _window(rng)
    else:
        scene = _outdoors(rng, street=kind == "street")
    return _enlarge(np.ascontiguousarray(np.clip(scene, 0.004, 1.3), np.float32), side)
