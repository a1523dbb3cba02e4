"""Refinement of the head mesh for rendering: each triangle is divided into four.

The midpoint of an edge is that of the cubic edge of a PN triangle, which follows the vertex normals (Vlachos A, Peters J,
Boyd C, Mitchell JL. Curved PN triangles. I3D 2001). The scheme interpolates: vertices of the head, and thus landmarks, stay in
place.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba as nb
import numpy as np
import numpy.typing as npt

from dysfw.plugin import Float32

if TYPE_CHECKING:
    from dysfw_phantom.mesh import HeadMesh

Int32 = npt.NDArray[np.int32]
Int8 = npt.NDArray[np.int8]

BLEND = 0.8  # fraction of the bend of an edge; the full bend overshoots at the lids, where normals change quickly


@dataclass(frozen=True, eq=False)
class Surface:
    """A refined head mesh with N vertices: those of the head, then one for each of its E edges.

    Attributes:
        edges: Edges of the coarse mesh, int32 [E, 2].
        triangles: Triangles of the refined mesh, int32 [M, 3].
        part: Part of each triangle, int8 [M]; see ``mesh.Part``.
        rest: Vertices of the neutral head, float32 [N, 3], dm.
        theta: Angle around the axis of the head, 0 in front, float32 [N], radians.
        lip: Mask of the lips, float32 [N].
        eyelid: Mask of the eyelids, float32 [N].
        ear: Mask of the ears, float32 [N].
        occlusion: Ambient occlusion, float32 [N]; 1 is open.
        starts: Offsets into ``neighbours``, int32 [N + 1].
        neighbours: Neighbours of vertex i are ``neighbours[starts[i]:starts[i + 1]]``, int32.
        vertex_part: Part of each vertex, int8 [N].
        coarse: Triangles of the coarse mesh, int32 [T, 3].
    """

    edges: Int32
    triangles: Int32
    part: Int8
    rest: Float32
    theta: Float32
    lip: Float32
    eyelid: Float32
    ear: Float32
    occlusion: Float32
    starts: Int32
    neighbours: Int32
    vertex_part: Int8
    coarse: Int32


@nb.njit(cache=True)
def vertex_normals(vertices: Float32, triangles: Int32) -> Float32:
    """Compute area-weighted unit vertex normals.

    Args:
        vertices: float32 [N, 3].
        triangles: int32 [M, 3].

    Returns:
        float32 [N, 3].
    """
    n = np.zeros(vertices.shape, np.float32)
    for t in range(len(triangles)):
        # unsigned, so that numba does not test whether they count from the end
        i, j, k = np.uintp(triangles[t, 0]), np.uintp(triangles[t, 1]), np.uintp(triangles[t, 2])
        ux, uy, uz = vertices[j, 0] - vertices[i, 0], vertices[j, 1] - vertices[i, 1], vertices[j, 2] - vertices[i, 2]
        wx, wy, wz = vertices[k, 0] - vertices[i, 0], vertices[k, 1] - vertices[i, 1], vertices[k, 2] - vertices[i, 2]
        x, y, z = uy * wz - uz * wy, uz * wx - ux * wz, ux * wy - uy * wx
        for corner in (i, j, k):
            n[corner, 0] += x
            n[corner, 1] += y
            n[corner, 2] += z
    for v in range(len(n)):
        length = np.sqrt(n[v, 0] ** 2 + n[v, 1] ** 2 + n[v, 2] ** 2) + 1e-12
        n[v, 0] /= length
        n[v, 1] /= length
        n[v, 2] /= length
    return n


@nb.njit(cache=True)
def _midpoints(vertices: Float32, normals: Float32, edges: Int32, blend: float) -> Float32:
    """Compute the midpoints of curved edges, float32 [E, 3]."""
    out = np.empty((len(edges), 3), np.float32)
    for e in range(len(edges)):
        i, j = edges[e, 0], edges[e, 1]
        dx, dy, dz = vertices[j, 0] - vertices[i, 0], vertices[j, 1] - vertices[i, 1], vertices[j, 2] - vertices[i, 2]
        wi = dx * normals[i, 0] + dy * normals[i, 1] + dz * normals[i, 2]
        wj = -(dx * normals[j, 0] + dy * normals[j, 1] + dz * normals[j, 2])
        for c in range(3):
            bend = (wi * normals[i, c] + wj * normals[j, c]) * 0.125 * blend
            out[e, c] = 0.5 * (vertices[i, c] + vertices[j, c]) - bend
    return out


def refine(surface: Surface, vertices: Float32) -> Float32:
    """Compute the vertices of the refined mesh.

    Args:
        surface: The refined mesh.
        vertices: Vertices of a head, float32 [V, 3].

    Returns:
        float32 [N, 3].
    """
    vertices = np.ascontiguousarray(vertices, np.float32)
    return np.concatenate([vertices, _midpoints(vertices, vertex_normals(vertices, surface.coarse), surface.edges, BLEND)])


def _split(triangles: Int32) -> tuple[Int32, Int32]:
    """Return the edges [E, 2] of triangles [T, 3] and the subdivided triangles [4 T, 3]."""
    corners = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    edges, inverse = np.unique(corners, axis=0, return_inverse=True)
    m = inverse.reshape(3, -1).T + int(triangles.max()) + 1
    a, b, c = triangles.T
    ab, bc, ca = m.T
    small = np.stack([np.stack(t, 1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))], 1)
    return edges.astype(np.int32), small.reshape(-1, 3).astype(np.int32)


def _adjacency(triangles: Int32, count: int) -> tuple[Int32, Int32]:
    """Return offsets and neighbours of each of ``count`` vertices."""
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    pairs = np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)
    starts = np.searchsorted(pairs[:, 0], np.arange(count + 1))
    return starts.astype(np.int32), np.ascontiguousarray(pairs[:, 1], np.int32)


@functools.lru_cache(maxsize=4)
def refined_surface(head: HeadMesh) -> Surface:
    """Refine a head mesh. The result is cached.

    Args:
        head: The head mesh.

    Returns:
        The refined mesh.
    """
    coarse = np.ascontiguousarray(head.triangles, np.int32)
    edges, triangles = _split(coarse)
    part = np.repeat(head.part, 4).astype(np.int8)
    base = np.ascontiguousarray(head.vertices, np.float32)
    rest = np.concatenate([base, _midpoints(base, vertex_normals(base, coarse), edges, BLEND)])
    vertex_part = np.zeros(len(rest), np.int8)
    vertex_part[triangles] = part[:, None]
    vertex_part[triangles[part == 0]] = 0  # the border between skin and oral cavity counts as skin

    def fine(values: Float32) -> Float32:
        return np.asarray(np.concatenate([values, values[edges].mean(1)]), dtype=np.float32)

    starts, neighbours = _adjacency(triangles, len(rest))
    theta = np.arctan2(rest[:, 0], rest[:, 2] + 0.75).astype(np.float32)
    return Surface(
        edges=edges, triangles=triangles, part=part, rest=rest, theta=theta, lip=fine(head.lip), eyelid=fine(head.eyelid),
        ear=fine(head.ear), occlusion=fine(head.occlusion), starts=starts, neighbours=neighbours, vertex_part=vertex_part,
        coarse=coarse,
    )  # fmt: skip
