"""Eyebrows and eyelashes: short strands rooted in the skin that follow its shape and expression."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from dysfw.plugin import Bool, Float32
from dysfw_phantom.render.appearance import GREY, Appearance
from dysfw_phantom.render.figure import Figure
from dysfw_phantom.render.raster import NOTHING, Buffer, rasterise
from dysfw_phantom.render.scalp import SurfacePoints
from dysfw_phantom.render.signs import Look
from dysfw_phantom.render.strands import Strands
from dysfw_phantom.render.surface import Int32, refined_surface

if TYPE_CHECKING:
    from dysfw_phantom.mesh import HeadMesh

Int64 = npt.NDArray[np.int64]

PLACES = (0.1, 0.45, 0.55, 0.75)  # along a brow: what lies before, between and behind can be sparse
FRONT = 512  # side of the map of the front of the face, px
EXTENT = 1.4  # half of its side, dm


@functools.lru_cache(maxsize=4)
def front_map(head: HeadMesh) -> Buffer:
    """Rasterise the front of the neutral face along z.

    Args:
        head: The head mesh.

    Returns:
        The triangle of the refined mesh at each (x, y).
    """
    surface = refined_surface(head)
    points = (surface.rest[:, :2] * np.array([1, -1], np.float32) + EXTENT) * (FRONT / (2 * EXTENT))
    near = (surface.rest[:, 2] + 10).astype(np.float32)
    return rasterise(points.astype(np.float32), near, surface.triangles, surface.part == 0, FRONT)


def _cells(x: Float32, y: Float32) -> tuple[Int64, Int64]:
    """Return the rows and columns of points in the map of the front."""
    u = np.clip((x + EXTENT) * (FRONT / (2 * EXTENT)), 0, FRONT - 1).astype(np.int64)
    v = np.clip((EXTENT - y) * (FRONT / (2 * EXTENT)), 0, FRONT - 1).astype(np.int64)
    return v, u


def on_front(head: HeadMesh, x: Float32, y: Float32) -> Bool:
    """Return whether points of the neutral face, seen from the front, lie on the skin, bool of the shape of x and y.

    Args:
        head: The head mesh.
        x: Rest coordinate to the subject's left, float32, dm.
        y: Rest coordinate upwards, float32, dm.
    """
    return np.asarray(front_map(head).triangle[_cells(x, y)] != NOTHING)


def front_spots(head: HeadMesh, x: Float32, y: Float32) -> SurfacePoints:
    """Locate points of the neutral face on the skin, to the nearest cell of the map of its front.

    Args:
        head: The head mesh.
        x: Rest coordinate to the subject's left, float32 [n], dm.
        y: Rest coordinate upwards, float32 [n], dm.

    Returns:
        The n points.
    """
    front, (v, u) = front_map(head), _cells(x, y)
    triangle = np.where(front.triangle[v, u] == NOTHING, 0, front.triangle[v, u])
    b, c = front.second[v, u], front.third[v, u]
    return SurfacePoints(triangle.astype(np.int32), np.stack([1 - b - c, b, c], 1))


class _Form(NamedTuple):
    """The form of the eyebrows.

    Attributes:
        thick: Factor on height, density and length of the hairs.
        broad: Factor on the height alone.
        arch: Height of the arch, dm.
        bent: Fraction of the arch and of the drop at the end that is present; 0 is a horizontal brow.
        joined: How far the brows meet, 0 to 1 and above.
        end: Lateral end, dm from the midline.
        flare: Upright, spread hair at the medial end; 0 is none.
        present: Fraction of the hair that is present medially, in the middle and laterally.
    """

    thick: float
    broad: float
    arch: float
    bent: float
    joined: float
    end: float
    flare: float
    present: tuple[float, float, float]


def _form(axes: Mapping[str, float]) -> _Form:
    """Return the form of the eyebrows for the values of the patient's axes, in standard deviations."""

    def value(name: str, factor: float, base: float, low: float, high: float) -> float:
        return float(np.clip(base + factor * axes.get(name, 0.0), low, high))

    rest = value("eyebrow absence", -0.9, 1.0, 0.0, 1.0) * value("absence of hair", -0.9, 1.0, 0.0, 1.0)
    return _Form(
        thick=value("eyebrow thickness", 0.24, 1.0, 0.3, 2.1),
        broad=value("eyebrow breadth", 0.24, 1.0, 0.4, 2.0),
        arch=value("eyebrow arch", 0.018, 0.022, -0.01, 0.12),
        bent=value("horizontal eyebrow", -0.5, 1.0, 0.0, 1.0),
        joined=float(np.clip(axes.get("synophrys", 0.0), 0, 4)) / 2.4,
        end=value("eyebrow length", 0.035, 0.57, 0.45, 0.68),
        flare=value("medial eyebrow flare", 0.5, 0.0, 0.0, 1.7),
        present=(
            rest * value("medial eyebrow density", 0.4, 1.0, 0.03, 1.0),
            rest,
            rest * value("lateral eyebrow density", 0.4, 1.0, 0.03, 1.0),
        ),
    )


def _brow_lines(appearance: Appearance, axes: Mapping[str, float]) -> tuple[Float32, Float32, Float32]:
    """Draw the strands of both eyebrows in neutral face coordinates: x and y, float32 [S, 4], and opacity [S]."""
    rng = np.random.default_rng([appearance.seed, 7])
    form = _form(axes)
    thick, arch, joined = form.thick, form.arch, form.joined
    count = int(230 * (0.45 + 0.55 * thick) * (0.5 + 0.5 * appearance.brow) * form.broad)
    xs, ys, fade = [], [], []
    for sign in (-1.0, 1.0):
        start = 0.125 - 0.115 * min(joined, 1.0)
        u = rng.random(count)
        u = np.where((u < 0.2) & (rng.random(count) < 0.35), rng.random(count), u)  # the head of a brow is sparser
        x0 = start + (form.end - start) * u
        bend = form.bent * (arch * np.sin(np.pi * np.clip(u, 0, 1) ** 1.35) - 0.045 * np.maximum(u - 0.60, 0) / 0.4)
        half = 0.036 * thick * (0.70 + 0.30 * np.minimum(u * 4, 1)) * (1 - 0.80 * np.maximum(u - 0.50, 0) / 0.50)
        half = half * form.broad * (1 + 0.8 * form.flare * np.maximum(1 - 4 * u, 0))
        row = rng.uniform(-1, 1, count)
        y0 = 0.185 + 0.014 * (1 - u) + bend + row * half
        angle = 1.0 - 1.15 * u - 0.35 * row + rng.normal(0, 0.16, count)
        angle = np.where(x0 < 0.10, 0.9, angle) + 0.4 * form.flare * np.maximum(1 - 3 * u, 0)
        length = (0.056 - 0.018 * u) * rng.uniform(0.75, 1.15, count) * (0.8 + 0.2 * thick)
        k = np.linspace(0, 1, 4)[None]
        turn = angle[:, None] - 0.5 * k * np.maximum(angle, 0)[:, None]
        xs.append(sign * (x0[:, None] + length[:, None] * k * np.cos(turn)))
        ys.append(y0[:, None] + length[:, None] * k * np.sin(turn) * 0.75)
        gap = np.clip((0.125 - x0) / 0.115, 0, 1)
        present = np.interp(u, PLACES, [form.present[k] for k in (0, 1, 1, 2)])
        fade.append(np.clip(0.35 + 2.5 * u, 0, 1) * (1 - gap * (1 - min(1.0, joined))) * present)
    return np.concatenate(xs).astype(np.float32), np.concatenate(ys).astype(np.float32), np.concatenate(fade).astype(np.float32)


def brow_strands(figure: Figure, appearance: Look, axes: Mapping[str, float]) -> Strands:
    """Build the strands of both eyebrows.

    Args:
        figure: The posed and lit figure.
        appearance: Appearance of the patient, with signs.
        axes: Values of the patient's axes, in standard deviations.

    Returns:
        The lit strands.
    """
    head, triangles = figure.head, figure.surface.triangles
    x, y, fade = _brow_lines(appearance, axes)
    spots = front_spots(head, x.ravel(), y.ravel())
    rise = 0.004 + 0.010 * np.tile(np.linspace(0, 1, 4), len(x))
    points = spots.interpolate(figure.posed, triangles) + spots.interpolate(figure.facing, triangles) * rise[:, None].astype(
        np.float32
    )
    lit = spots.interpolate(figure.light, triangles).reshape(*x.shape, 3)
    rng = np.random.default_rng([appearance.seed, 8])
    white = (rng.random(len(x)) < max(appearance.grey * 0.7, appearance.white[1]))[:, None]
    hair = np.where(white, np.array(GREY), np.array(appearance.hair) * 0.75 + 0.004) * rng.uniform(0.75, 1.25, (len(x), 1))
    opacity = (fade * (0.38 + 0.42 * appearance.brow))[:, None] * np.array([0.85, 1.0, 0.9, 0.4])
    width = np.broadcast_to(np.array([0.008, 0.008, 0.006, 0.003], np.float32), x.shape)
    return Strands(
        points.reshape(*x.shape, 3).astype(np.float32), (hair[:, None] * lit * 0.9).astype(np.float32),
        np.ascontiguousarray(width), opacity.astype(np.float32),
    )  # fmt: skip


@functools.lru_cache(maxsize=4)
def _lash_roots(head: HeadMesh) -> tuple[Int32, Float32, Bool]:
    """Find where eyelashes grow.

    Returns int32 [n, 4]: pairs of neighbouring edges from the lid outwards (root, tip, root, tip); float32 [n, 2]: position of
    each lash between the two edges, at its root and its tip; bool [n]: whether it is an upper lash.
    """
    surface = refined_surface(head)
    triangles = surface.triangles[surface.part == 4]
    edges = np.unique(
        np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1), axis=0
    )
    a, b = surface.rest[edges[:, 0]], surface.rest[edges[:, 1]]
    edges = np.where((a[:, 2] > b[:, 2])[:, None], edges[:, ::-1], edges)  # lashes point forwards
    run = np.abs(a - b)
    edges = edges[np.hypot(run[:, 1], run[:, 2]) > 0.7 * run[:, 0]]
    root = surface.rest[edges[:, 0]]
    upper = root[:, 1] > 0
    order = np.lexsort((root[:, 0], root[:, 0] > 0, upper))
    edges, root, upper = edges[order], root[order], upper[order]
    near = np.flatnonzero((np.linalg.norm(root[1:] - root[:-1], axis=1) < 0.045) & (upper[1:] == upper[:-1]))
    near = np.repeat(near, 4)
    rng = np.random.default_rng(20240614)
    at = rng.random(len(near))
    between = np.stack([at, np.clip(at + rng.normal(0, 0.5, len(near)), -0.6, 1.6)], 1)
    return np.concatenate([edges[near], edges[near + 1]], 1).astype(np.int32), between.astype(np.float32), upper[near]


def _curled(points: Float32, upper: Bool, curl: float, up: Float32) -> Float32:
    """Curl lashes [n, 3, 3] away from the eye: upper ones upwards, lower ones downwards."""
    length = np.linalg.norm(points[:, 2] - points[:, 0], axis=1)
    rise = (length * np.where(upper, curl, -0.6 * curl))[:, None] * up
    return np.asarray(points + np.stack([np.zeros_like(rise), 0.15 * rise, 0.75 * rise], 1), dtype=np.float32)


def lash_strands(figure: Figure, look: Look, sex: float) -> Strands:
    """Build the eyelashes, which are dark for every hair colour.

    Args:
        figure: The posed and lit figure.
        look: Appearance of the patient, with signs.
        sex: From 0 (female) to 1 (male).

    Returns:
        The strands.
    """
    ids, at, upper = _lash_roots(figure.head)
    if min(look.lashes) < 1:
        kept = np.random.default_rng([look.seed, 15]).random(len(ids)) < np.where(upper, look.lashes[0], look.lashes[1])
        ids, at, upper = ids[kept], at[kept], upper[kept]
    corners = figure.posed[ids]
    root = corners[:, 0] + at[:, :1] * (corners[:, 2] - corners[:, 0])
    tip = corners[:, 1] + at[:, 1:] * (corners[:, 3] - corners[:, 1])
    tip = root + (tip - root) * np.where(upper, look.lash_length, 0.6 * look.lash_length)[:, None]
    points = np.stack([root, 0.5 * (root + tip), tip], 1)
    if look.lash_curl:
        points = _curled(points, upper, look.lash_curl, figure.pose.head[:, 1])
    dark = np.minimum(np.array(look.hair) * 0.25, 0.03) + 0.004
    colour = np.broadcast_to(dark + look.white[0] * (0.6 * np.array(GREY) - dark), points.shape)
    strength = np.where(upper, 0.36 + 0.16 * (1 - sex), 0.07)[:, None] * max(1.0, look.lashes[0])
    width = np.broadcast_to(np.array([0.011, 0.008, 0.003]), points.shape[:2])
    return Strands(
        points.astype(np.float32), np.ascontiguousarray(colour, np.float32), np.ascontiguousarray(width, np.float32),
        (np.array([1.0, 0.7, 0.2]) * strength).astype(np.float32),
    )  # fmt: skip
