"""Where hair grows, and the radii of the head that hair rests on."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

import numba as nb
import numpy as np

from dysfw.plugin import Bool, Float32
from dysfw_phantom.render.camera import smoothstep
from dysfw_phantom.render.signs import Look
from dysfw_phantom.render.surface import Int32, Surface, refined_surface

if TYPE_CHECKING:
    from dysfw_phantom.mesh import HeadMesh

CENTRE = np.array([0.0, 0.15, -0.72], np.float32)  # inside the skull; the head is nearly star-shaped about this point
ROWS, COLUMNS = 48, 96  # directions: by cosine of the polar angle, and around; see ``_direction``
MARGIN = 0.01  # radians by which a ray may pass a triangle and still hit it
POOL = 9000  # candidate roots
PATCHES = 48  # of bare scalp in severe alopecia
LEADERS = 360  # roots at the centres of the locks


class SurfacePoints(NamedTuple):
    """Points on the refined mesh.

    Attributes:
        triangle: Indices of triangles, int32 [n].
        weights: Barycentric weights of the corners, float32 [n, 3].
    """

    triangle: Int32
    weights: Float32

    def interpolate(self, values: Float32, triangles: Int32) -> Float32:
        """Interpolate vertex values at the points.

        Args:
            values: Values at the vertices, float32 [N, C].
            triangles: Vertex indices of the triangles, int32 [M, 3].

        Returns:
            float32 [n, C].
        """
        corners = values[triangles[self.triangle]]
        return np.asarray(np.einsum("nk,nkc->nc", self.weights, corners), dtype=np.float32)


def _bare(surface: Surface, look: Look) -> Bool:
    """Choose the vertices in bare patches, bool [N]: more of them the more hair is lost."""
    rng = np.random.default_rng([look.seed, 16])
    turned, up = rng.uniform(-2.2, 2.2, PATCHES), rng.uniform(0.1, 1.0, PATCHES)
    level = np.sqrt(1 - up**2)
    size = rng.uniform(0.12, 0.30, PATCHES)  # radians
    toward = (surface.rest - CENTRE) / np.linalg.norm(surface.rest - CENTRE, axis=1, keepdims=True)
    near = toward @ np.stack([level * np.sin(turned), up, level * np.cos(turned)])
    return np.asarray((near > np.cos(size))[:, : round(PATCHES * look.patches)].any(1))


def hair_height(surface: Surface, appearance: Look) -> Float32:
    """Compute the height of each vertex above the hairline at rest.

    Args:
        surface: The refined mesh.
        appearance: Hairline, recession, thinning, peak and bare patches of the patient.

    Returns:
        float32 [N], dm; negative values are bare skin.
    """
    y, turned = surface.rest[:, 1], np.abs(surface.theta)
    temple = np.exp(-(((turned - 0.62) / 0.22) ** 2))
    line = (
        0.74
        - 0.20 * smoothstep(0.45, 0.95, turned)
        - 0.58 * smoothstep(0.85, 1.22, turned)
        - 0.42 * smoothstep(1.35, 2.2, turned)
    )
    front = smoothstep(1.3, 0.8, turned)
    height = y - line - (appearance.hairline + appearance.recession * (0.35 + 0.9 * temple)) * front
    crown = np.exp(-(surface.rest[:, 0] ** 2 + (surface.rest[:, 2] + 0.7) ** 2) / 0.6) * (y > 0.6)
    height = height - appearance.thinning * 0.55 * crown
    if appearance.peak:
        height += (
            0.12 * appearance.peak * (np.exp(-((turned / 0.09) ** 2)) - 0.5 * np.exp(-(((turned - 0.33) / 0.16) ** 2))) * front
        )
    if appearance.patches:
        height = np.where(_bare(surface, appearance), -0.1, height)
    height[surface.ear > 0.35] = -1
    height[surface.vertex_part != 0] = -1
    height[y < -0.85] = -1
    return np.asarray(height, dtype=np.float32)


@nb.njit(inline="always")
def _around(x: float, z: float) -> float:
    """Return a monotonic function of the azimuth from behind, 0 to 4, without an arctangent."""
    p = x / (abs(x) + abs(z) + 1e-9)
    if z < 0:
        p = 2 - p if x >= 0 else -2 - p
    return p + 2


@nb.njit(cache=True)
def _direction(row: float, column: float) -> tuple[float, float, float]:
    """Return the unit vector to the centre of a cell."""
    y = 1 - 2 * (row + 0.5) / ROWS
    a = 4 * column / COLUMNS - 2
    x = a if abs(a) <= 1 else (2 - a if a > 0 else -2 - a)
    z = (1 - abs(x)) * (1 if abs(a) <= 1 else -1)
    flat = np.sqrt((1 - y * y) / (x * x + z * z + 1e-18))
    return x * flat, y, z * flat


@nb.njit(inline="always")
def _rows(a: Float32, b: Float32, c: Float32) -> tuple[int, int]:
    """Return the rows of directions that can hit a triangle: the first, and one after the last.

    a, b, c: its corners relative to the centre. All directions to it are in the cone about its middle that holds the corners.
    """
    m = a + b + c
    m = m / (np.sqrt((m * m).sum()) + 1e-18)
    narrow = min((m * a).sum() / np.sqrt((a * a).sum()), (m * b).sum() / np.sqrt((b * b).sum()))
    narrow = min(narrow, (m * c).sum() / np.sqrt((c * c).sum()))
    if not narrow > 0.1:  # around the centre, or beside it
        return 0, ROWS
    polar, wide = np.arccos(min(max(m[1], -1.0), 1.0)), np.arccos(min(narrow, 1.0)) + MARGIN
    up = (1 - np.cos(max(polar - wide, 0.0))) * 0.5 * ROWS - 0.5
    down = (1 - np.cos(min(polar + wide, np.pi))) * 0.5 * ROWS - 0.5
    return max(int(np.ceil(up)), 0), min(int(np.floor(down)) + 1, ROWS)


@nb.njit(cache=True)
def _cast(vertices: Float32, triangles: Int32, centre: Float32) -> tuple[Int32, Float32]:
    """Intersect a ray per direction with the mesh: outermost triangle [cells] and barycentric weights [cells, 3]."""
    cells = ROWS * COLUMNS
    hit = np.zeros(cells, np.int32)
    weights = np.zeros((cells, 3), np.float32)
    far = np.zeros(cells, np.float32)
    directions = np.empty((cells, 3))
    for cell in range(cells):
        directions[cell, 0], directions[cell, 1], directions[cell, 2] = _direction(cell // COLUMNS, cell % COLUMNS)
    for t in range(len(triangles)):
        a, b, c = vertices[triangles[t, 0]] - centre, vertices[triangles[t, 1]] - centre, vertices[triangles[t, 2]] - centre
        e, f = b - a, c - a
        normal = np.array([e[1] * f[2] - e[2] * f[1], e[2] * f[0] - e[0] * f[2], e[0] * f[1] - e[1] * f[0]])
        top = (normal * a).sum()
        first, end = _rows(a, b, c)
        for cell in range(first * COLUMNS, end * COLUMNS):
            d = directions[cell]
            below = normal[0] * d[0] + normal[1] * d[1] + normal[2] * d[2]
            if below <= 1e-12:
                continue
            r = top / below
            if r <= far[cell]:
                continue
            p = d * r - a
            ee, ef, ff = (e * e).sum(), (e * f).sum(), (f * f).sum()
            pe, pf = (p * e).sum(), (p * f).sum()
            det = ee * ff - ef * ef
            u, v = (ff * pe - ef * pf) / det, (ee * pf - ef * pe) / det
            if u >= -1e-4 and v >= -1e-4 and u + v <= 1 + 1e-4:
                far[cell], hit[cell] = r, t
                weights[cell] = np.array([1 - u - v, u, v])
    return hit, weights


@functools.lru_cache(maxsize=4)
def _directions(head: HeadMesh) -> SurfacePoints:
    """Return the outermost skin of the neutral head in each direction."""
    surface = refined_surface(head)
    skin = np.flatnonzero(head.part == 0).astype(np.int32)
    hit, weights = _cast(surface.rest.astype(np.float64), surface.coarse[skin], CENTRE.astype(np.float64))
    return SurfacePoints(skin[hit], weights)


def radii(head: HeadMesh, vertices: Float32) -> Float32:
    """Compute the distance from ``CENTRE`` to the outermost skin in each direction.

    Args:
        head: The head mesh.
        vertices: Vertices of the patient, float32 [V, 3], dm.

    Returns:
        float32 [ROWS, COLUMNS], dm.
    """
    spots = _directions(head)
    places = spots.interpolate(vertices, refined_surface(head).coarse) - CENTRE
    length = np.linalg.norm(places, axis=1)
    down = 2 * (np.arange(ROWS * COLUMNS) // COLUMNS + 0.5) / ROWS - 1
    scale = length[down < -0.5].mean() / 1.1
    # hair hangs past neck and shoulders instead of following them outwards
    neck = 0.60 * scale / np.maximum(np.sqrt(1 - down**2), 0.3)
    length = np.where(down > 0.37, np.minimum(length, neck), length)
    return np.ascontiguousarray(length.reshape(ROWS, COLUMNS), np.float32)


@nb.njit(cache=True)
def radius_at(radii: Float32, x: float, y: float, z: float, length: float) -> float:
    """Interpolate the radius of the head bilinearly in a direction.

    Args:
        radii: Radii of the head; see ``radii``.
        x: Vector from ``CENTRE``, dm.
        y: See ``x``.
        z: See ``x``.
        length: Length of the vector, dm.

    Returns:
        The radius, dm.
    """
    row = (1 - y / length) * (0.5 * ROWS) - 0.5
    column = _around(x, z) * (0.25 * COLUMNS)
    row = min(max(row, 0.0), ROWS - 1.001)
    i, j = int(row), int(column) % COLUMNS
    f, g, k = row - i, column - int(column), (j + 1) % COLUMNS
    upper = radii[i, j] * (1 - g) + radii[i, k] * g
    lower = radii[i + 1, j] * (1 - g) + radii[i + 1, k] * g
    return float(upper * (1 - f) + lower * f)


@functools.lru_cache(maxsize=4)
def root_pool(head: HeadMesh) -> SurfacePoints:
    """Distribute ``POOL`` points evenly over the upper skin, in a fixed random order.

    Args:
        head: The head mesh.

    Returns:
        Candidate roots of hair.
    """
    surface = refined_surface(head)
    rest = surface.rest[surface.triangles]
    centre = rest.mean(1)
    area = np.linalg.norm(np.cross(rest[:, 1] - rest[:, 0], rest[:, 2] - rest[:, 0]), axis=1)
    turned = np.abs(np.arctan2(centre[:, 0], centre[:, 2] + 0.75))
    on = (surface.part == 0) & (centre[:, 1] > -0.8) & ((centre[:, 1] > 0.45) | (turned > 0.8))
    on &= surface.ear[surface.triangles].max(1) < 0.3
    cumulative_area = np.cumsum(np.where(on, area, 0.0))
    rng = np.random.default_rng(20240613)
    triangle = np.searchsorted(cumulative_area, (np.arange(POOL) + rng.random(POOL)) / POOL * cumulative_area[-1]).astype(
        np.int32
    )
    u, v = rng.random(POOL), rng.random(POOL)
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    order = rng.permutation(POOL)
    return SurfacePoints(triangle[order], np.stack([1 - u - v, u, v], 1)[order].astype(np.float32))


@functools.lru_cache(maxsize=4)
def clumps(head: HeadMesh) -> Int32:
    """Assign each root of the pool to a lock of hair.

    Args:
        head: The head mesh.

    Returns:
        int32 [POOL]: index of the nearest of the first ``LEADERS`` roots.
    """
    surface = refined_surface(head)
    places = root_pool(head).interpolate(surface.rest, surface.triangles)
    leaders = places[:LEADERS]
    return np.asarray(np.argmin(((places[:, None] - leaders[None]) ** 2).sum(2), axis=1), dtype=np.int32)
