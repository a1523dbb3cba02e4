"""The head's mesh made fit for drawing: every triangle cut in four, and what stays the same for all patients.

The midpoint of an edge is that of a PN triangle's cubic edge (Vlachos et al., Curved PN Triangles, I3D 2001), which
bends with the vertex normals. The scheme interpolates: a vertex of the head stays where it is, so landmarks do too.
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

BLEND = 0.8  # of the edge's bend: the full bend overshoots at the lids, where normals turn fast


@dataclass(frozen=True, eq=False)
class Surface:
    """A head's refined mesh. N vertices: those of the head, then one for each of its E edges.

    edges: int32 [E, 2]. triangles: int32 [M, 3]. part: int8 [M]. rest: float32 [N, 3], the neutral head, dm. theta: float32
    [N], the angle around the head's axis, 0 in front. lip, eyelid, ear, occlusion: float32 [N]. starts, neighbours: int32, the
    vertices next to vertex i are neighbours[starts[i]:starts[i + 1]]. vertex_part: int8 [N].
    coarse: int32 [T, 3], the head's own triangles.
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
def normals_of(vertices: Float32, triangles: Int32) -> Float32:
    """float32 [N, 3] unit vertex normals, weighted by the triangles' areas."""
    n = np.zeros(vertices.shape, np.float32)
    for t in range(len(triangles)):
        i, j, k = triangles[t]
        ux, uy, uz = vertices[j, 0] - vertices[i, 0], vertices[j, 1] - vertices[i, 1], vertices[j, 2] - vertices[i, 2]
        wx, wy, wz = vertices[k, 0] - vertices[i, 0], vertices[k, 1] - vertices[i, 1], vertices[k, 2] - vertices[i, 2]
        x, y, z = uy * wz - uz * wy, uz * wx - ux * wz, ux * wy - uy * wx
        for v in (i, j, k):
            n[v, 0] += x
            n[v, 1] += y
            n[v, 2] += z
    for v in range(len(n)):
        length = np.sqrt(n[v, 0] ** 2 + n[v, 1] ** 2 + n[v, 2] ** 2) + 1e-12
        n[v, 0] /= length
        n[v, 1] /= length
        n[v, 2] /= length
    return n


@nb.njit(cache=True)
def _midpoints(vertices: Float32, normals: Float32, edges: Int32, blend: float) -> Float32:
    out = np.empty((len(edges), 3), np.float32)
    for e in range(len(edges)):
        i, j = edges[e]
        dx, dy, dz = vertices[j, 0] - vertices[i, 0], vertices[j, 1] - vertices[i, 1], vertices[j, 2] - vertices[i, 2]
        wi = dx * normals[i, 0] + dy * normals[i, 1] + dz * normals[i, 2]
        wj = -(dx * normals[j, 0] + dy * normals[j, 1] + dz * normals[j, 2])
        for c in range(3):
            bend = (wi * normals[i, c] + wj * normals[j, c]) * 0.125 * blend
            out[e, c] = 0.5 * (vertices[i, c] + vertices[j, c]) - bend
    return out


def refine(surface: Surface, vertices: Float32) -> Float32:
    """vertices float32 [V, 3] of a head -> float32 [N, 3] of its refined mesh."""
    vertices = np.ascontiguousarray(vertices, np.float32)
    return np.concatenate([vertices, _midpoints(vertices, normals_of(vertices, surface.coarse), surface.edges, BLEND)])


def _split(triangles: Int32) -> tuple[Int32, Int32]:
    """The edges [E, 2] of triangles [T, 3] and the four smaller triangles of each, [4 T, 3]."""
    corners = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    edges, inverse = np.unique(corners, axis=0, return_inverse=True)
    m = inverse.reshape(3, -1).T + int(triangles.max()) + 1
    a, b, c = triangles.T
    ab, bc, ca = m.T
    small = np.stack([np.stack(t, 1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))], 1)
    return edges.astype(np.int32), small.reshape(-1, 3).astype(np.int32)


def _adjacency(triangles: Int32, count: int) -> tuple[Int32, Int32]:
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    pairs = np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)
    starts = np.searchsorted(pairs[:, 0], np.arange(count + 1))
    return starts.astype(np.int32), np.ascontiguousarray(pairs[:, 1], np.int32)


@functools.lru_cache(maxsize=4)
def surface_of(head: HeadMesh) -> Surface:
    """The refined mesh of a head; made once."""
    coarse = np.ascontiguousarray(head.triangles, np.int32)
    edges, triangles = _split(coarse)
    part = np.repeat(head.part, 4).astype(np.int8)
    base = np.ascontiguousarray(head.vertices, np.float32)
    rest = np.concatenate([base, _midpoints(base, normals_of(base, coarse), edges, BLEND)])
    vertex_part = np.zeros(len(rest), np.int8)
    vertex_part[triangles] = part[:, None]
    vertex_part[triangles[part == 0]] = 0  # the border between skin and the mouth's inside counts as skin

    def fine(values: Float32) -> Float32:
        return np.asarray(np.concatenate([values, values[edges].mean(1)]), dtype=np.float32)

    starts, neighbours = _adjacency(triangles, len(rest))
    theta = np.arctan2(rest[:, 0], rest[:, 2] + 0.75).astype(np.float32)
    return Surface(
        edges=edges, triangles=triangles, part=part, rest=rest, theta=theta, lip=fine(head.lip), eyelid=fine(head.eyelid),
        ear=fine(head.ear), occlusion=fine(head.occlusion), starts=starts, neighbours=neighbours, vertex_part=vertex_part,
        coarse=coarse,
    )  # fmt: skip
