"""Layout of fitted states in a bundle: arrays in one safetensors file, named "part/name", and values in the manifest."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ..types import State

# The fields of ``EmbeddingDistribution`` in the file, in order.
DISTRIBUTION_ARRAYS = ("mean", "axes", "variances", "rest")

Array = npt.NDArray[np.generic]


def pack_states(parts: Mapping[str, Mapping[str, Array]]) -> dict[str, Array]:
    """Give the arrays of all parts one name each.

    Args:
        parts: Arrays by part and name.

    Returns:
        The arrays by "part/name", contiguous, because safetensors writes them in memory order.
    """
    return {f"{name}/{key}": np.ascontiguousarray(array) for name, part in parts.items() for key, array in part.items()}


def unpack_states(arrays: Mapping[str, Array], values: Mapping[str, Mapping[str, object]]) -> dict[str, State]:
    """Restore states: the inverse of ``pack_states``.

    Args:
        arrays: Arrays by "part/name".
        values: JSON values by part; parts without values may be missing.

    Returns:
        The states by part.
    """
    parts: dict[str, dict[str, Array]] = {name: {} for name in values}
    for key, array in arrays.items():
        name, _, field = key.rpartition("/")
        parts.setdefault(name, {})[field] = array
    return {name: State(fields, values.get(name, {})) for name, fields in parts.items()}
