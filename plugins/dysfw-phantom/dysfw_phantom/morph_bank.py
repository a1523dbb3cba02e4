"""Fast addition of many sparse morphs in a fixed order, so that the sums are reproducible to the bit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit

from dysfw.plugin import Float32, Int64

from . import compiled_code as _compiled_code  # noqa: F401  # an error that says what to do, before numba's
from .mesh import Int32, Morph


@dataclass(frozen=True, slots=True, eq=False)
class MorphBank:
    """Morphs in one block. Row i has the vertices ``indices[starts[i]:starts[i + 1]]`` and the same slice of ``offsets``.

    Attributes:
        rows: Row numbers by name.
        starts: int64 [R + 1].
        indices: Vertex indices, int32.
        offsets: Offsets, float32 [..., 3], dm.
    """

    rows: Mapping[str, int]
    starts: Int64
    indices: Int32
    offsets: Float32

    def add(self, vertices: Float32, weights: Mapping[str, float]) -> None:
        """Add each named row times its weight to the vertices in place, in the order of the mapping.

        Args:
            vertices: float32 [V, 3], dm.
            weights: Weights by name.
        """
        rows = np.array([self.rows[name] for name in weights], np.int64)
        _add(vertices, (self.starts, self.indices, self.offsets), rows, np.array(list(weights.values()), np.float32))


def build_morph_bank(morphs: Iterable[tuple[str, Morph]]) -> MorphBank:
    """Build a morph bank.

    Args:
        morphs: Names and morphs; names must be unique.

    Returns:
        The bank.
    """
    by_name = dict(morphs)
    starts = np.cumsum([0, *(len(m.indices) for m in by_name.values())])
    indices = np.concatenate([m.indices for m in by_name.values()])
    offsets = np.concatenate([m.offsets for m in by_name.values()])
    return MorphBank({name: row for row, name in enumerate(by_name)}, starts, indices, offsets)


@njit(cache=True)
def _add(vertices: Float32, morphs: tuple[Int64, Int32, Float32], rows: Int64, weights: Float32) -> None:
    """Add weighted rows to the vertices."""
    starts, indices, offsets = morphs
    for k in range(len(rows)):
        for i in range(starts[rows[k]], starts[rows[k] + 1]):
            for axis in range(3):
                vertices[indices[i], axis] += weights[k] * offsets[i, axis]
