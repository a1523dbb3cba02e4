"""Weights of components, and their fitted state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .arrays import Float32, Int64


@dataclass(frozen=True, slots=True)
class Weights:
    """A weight file that a component uses.

    Attributes:
        name: Name of the weights.
        sha256: Hex digest of the file, or of the tensors if there is no file.
        licence: SPDX id, or "unstated".
        source: Where the weights come from.
        trained: False for random weights, which make all results meaningless.
    """

    name: str
    sha256: str
    licence: str
    source: str
    trained: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Fitted state of a head, a fusion or evidence. A bundle stores nothing else of it.

    Attributes:
        arrays: Arrays by name.
        values: Plain JSON values by name.
    """

    arrays: Mapping[str, npt.NDArray[np.generic]]
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class GalleryCases:
    """The M training images that a gallery-based head keeps.

    Attributes:
        x: float32 [M, dim], the embeddings given to ``fit``.
        y: int64 [M], their classes.
        groups: int64 [M], their patients.
    """

    x: Float32
    y: Int64
    groups: Int64
