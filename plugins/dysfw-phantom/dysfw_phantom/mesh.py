"""The head mesh and its morphs, read once from assets/head.npz."""

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
    """What a triangle belongs to. Right and left are the subject's."""

    SKIN = 0
    MOUTH = 1  # the inside of it
    EYE_RIGHT = 2
    EYE_LEFT = 3
    LASHES = 4
    TEETH = 5
    TONGUE = 6


@dataclass(frozen=True, slots=True)
class Morph:
    """A sparse deformation: vertices `indices` int32 [n] move by `offsets` float32 [n,3] dm at weight 1."""

    indices: Int32
    offsets: Float32


@dataclass(frozen=True, slots=True)
class Eyeball:
    """One eyeball: `centre` float32 [3], `radius` (dm) and the ids of its vertices int32 [n]."""

    centre: Float32
    radius: float
    vertices: Int32


@dataclass(frozen=True, eq=False)
class HeadMesh:
    """The neutral head, an average of MakeHuman's young adults, cropped at the shoulders.

    Unit 1 dm; x to the subject's left, y up, z to the viewer; the origin lies midway between the eyeballs' centres.
    vertices float32 [V,3]; triangles int32 [T,3], counter-clockwise seen from outside; part int8 [T] (see Part).
    lip, eyelid, ear: masks float32 [V] in 0..1. occlusion float32 [V]: 1 is open, 0 is hidden from the sky.
    source int32 [V]: the vertex's number in MakeHuman's base mesh. morphs: deformations by name.
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
        """Ids of the vertices of these parts, ascending, int32 [n]."""
        return _vertices_of(self, parts)

    def eyeball(self, part: Part, vertices: Float32 | None = None) -> Eyeball:
        """The eyeball EYE_RIGHT or EYE_LEFT in `vertices` [V,3] (the neutral head's if left out), by its bounding box."""
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
    """The mesh that ships with the package; its arrays are read-only and shared."""
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
