"""How fitted states lie in a bundle: their arrays in one safetensors file by "part/name", their values in the manifest."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ..types import State

Array = npt.NDArray[np.generic]


def packed(parts: Mapping[str, Mapping[str, Array]]) -> dict[str, Array]:
    """The arrays of all parts by one name each. Contiguous, or safetensors would write them as they lie in memory."""
    return {f"{name}/{key}": np.ascontiguousarray(array) for name, part in parts.items() for key, array in part.items()}


def unpacked(arrays: Mapping[str, Array], values: Mapping[str, Mapping[str, object]]) -> dict[str, State]:
    """The states again. values: by part; a part without any may be missing."""
    parts: dict[str, dict[str, Array]] = {name: {} for name in values}
    for key, array in arrays.items():
        name, _, field = key.rpartition("/")
        parts.setdefault(name, {})[field] = array
    return {name: State(fields, values.get(name, {})) for name, fields in parts.items()}
