"""The head mesh and its morphs, read from assets/head.npz."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib.resources import as_file, files
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dysfw.plugin import Float32

Int32 = NDArray[np.int32]

Number = TypeVar("Number", bound=np.generic)


class Part(IntEnum):
    """Part of the head that a triangle belongs to. Right and left are the subject's."""

    SKIN = 0
    MOUTH = 1  # the oral cavity
    EYE_RIGHT = 2
    EYE_LEFT = 3
    LASHES = 4
    TEETH = 5
    TONGUE = 6


@dataclass(frozen=True, slots=True)
class Morph:
    """A sparse deformation of the mesh.

    Attributes:
        indices: Vertices that move, int32 [n].
        offsets: Their displacement at weight 1, float32 [n, 3], dm.
    """

    indices: Int32
    offsets: Float32


@dataclass(frozen=True, slots=True)
class Eyeball:
    """One eyeball.

    Attributes:
        centre: float32 [3], dm.
        radius: Radius, dm.
        vertices: Vertex indices, int32 [n].
    """

    centre: Float32
    radius: float
    vertices: Int32


@dataclass(frozen=True, eq=False)
class HeadMesh:
    """The neutral head: an average of MakeHuman's young adults, cropped at the shoulders.

    The unit is 1 dm; x points to the subject's left, y up and z to the viewer. The origin is the midpoint between the centres
    of the eyeballs.

    Attributes:
        vertices: float32 [V, 3], dm.
        triangles: Vertex indices, counter-clockwise seen from outside, int32 [T, 3].
        part: Part of each triangle, int8 [T]; see ``Part``.
        lip: Mask of the lips, float32 [V], 0 to 1.
        eyelid: Mask of the eyelids, float32 [V], 0 to 1.
        ear: Mask of the ears, float32 [V], 0 to 1.
        occlusion: Ambient occlusion, float32 [V], from 0 (fully occluded) to 1 (open).
        source: Number of each vertex in MakeHuman's base mesh, int32 [V].
        morphs: Morphs by name.
    """

    vertices: Float32
    triangles: Int32
    part: NDArray[np.int8]
    lip: Float32
    eyelid: Float32
    ear: Float32
    occlusion: Float32
    source: Int32
    morphs: Mapping[str, Morph]

    def vertices_of(self, *parts: Part) -> Int32:
        """Return the vertices of some parts.

        Args:
            *parts: The parts.

        Returns:
            Vertex indices in ascending order, int32 [n].
        """
        return _vertices_of(self, parts)

    def eyeball(self, part: Part, vertices: Float32 | None = None) -> Eyeball:
        """Locate an eyeball by its bounding box.

        Args:
            part: ``Part.EYE_RIGHT`` or ``Part.EYE_LEFT``.
            vertices: Vertices of a head, float32 [V, 3], dm. Defaults to the neutral head.

        Returns:
            The eyeball.
        """
        ids = self.vertices_of(part)
        ball = (self.vertices if vertices is None else vertices)[ids]
        low, high = ball.min(axis=0), ball.max(axis=0)
        return Eyeball((low + high) / 2, float((high - low)[1]) / 2, ids)


@cache
def _vertices_of(head: HeadMesh, parts: tuple[Part, ...]) -> Int32:
    return _frozen(np.unique(head.triangles[np.isin(head.part, parts)]))


def _frozen(array: NDArray[Number]) -> NDArray[Number]:
    array.flags.writeable = False
    return array


@cache
def load_head() -> HeadMesh:
    """Load the shipped mesh. The result is cached and its arrays are read-only."""
    with as_file(files(__package__) / "assets" / "head.npz") as path, np.load(path, allow_pickle=False) as stored:
        data: dict[str, NDArray[Any]] = {name: stored[name] for name in stored.files}
    indices = _frozen(data["morph_indices"].astype(np.int32))
    offsets = _frozen(data["morph_offsets"].astype(np.float32))
    ends = zip(data["morph_starts"][:-1], data["morph_starts"][1:], strict=True)
    morphs = {str(name): Morph(indices[a:b], offsets[a:b]) for name, (a, b) in zip(data["morph_names"], ends, strict=True)}
    masks = {name: _frozen(data[name].astype(np.float32) / np.float32(255)) for name in ("lip", "eyelid", "ear", "occlusion")}
    return HeadMesh(
        vertices=_frozen(data["vertices"]),
        triangles=_frozen(data["triangles"].astype(np.int32)),
        part=_frozen(data["part"]),
        source=_frozen(data["source"].astype(np.int32)),
        morphs=MappingProxyType(morphs),
        **masks,
    )
