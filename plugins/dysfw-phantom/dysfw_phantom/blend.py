"""Adds many sparse deformations quickly, and in the same order everywhere, so that the sums have the same bits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit

from dysfw.plugin import Float32, Int64

from .mesh import Int32, Morph


@dataclass(frozen=True, slots=True, eq=False)
class Bank:
    """Morphs in one block: row i is indices[starts[i]:starts[i + 1]] with its offsets."""

    rows: Mapping[str, int]
    starts: Int64
    indices: Int32
    offsets: Float32

    def add(self, vertices: Float32, weights: Mapping[str, float]) -> None:
        """Adds each named row times its weight to the vertices [V,3], in place and in the mapping's order."""
        rows = np.array([self.rows[name] for name in weights], np.int64)
        _add(vertices, (self.starts, self.indices, self.offsets), rows, np.array(list(weights.values()), np.float32))


def bank(morphs: Iterable[tuple[str, Morph]]) -> Bank:
    """The bank of named morphs; names must differ."""
    found = dict(morphs)
    starts = np.cumsum([0, *(len(m.indices) for m in found.values())])
    indices = np.concatenate([m.indices for m in found.values()])
    offsets = np.concatenate([m.offsets for m in found.values()])
    return Bank({name: row for row, name in enumerate(found)}, starts, indices, offsets)


@njit(cache=True)
def _add(vertices: Float32, morphs: tuple[Int64, Int32, Float32], rows: Int64, weights: Float32) -> None:
    starts, indices, offsets = morphs
    for k in range(len(rows)):
        for i in range(starts[rows[k]], starts[rows[k] + 1]):
            for axis in range(3):
                vertices[indices[i], axis] += weights[k] * offsets[i, axis]
