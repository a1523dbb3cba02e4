"""Serialises arrays and plain values as safetensors, which can be read without executing code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

Arrays = Mapping[str, npt.NDArray[np.generic]]
VALUES = "\0values"  # no array of a stage has this name


def serialize(arrays: Arrays, values: Mapping[str, object]) -> bytes:
    """Serialise arrays and values.

    Args:
        arrays: Arrays by name.
        values: Plain JSON values by name.

    Returns:
        A safetensors file.
    """
    text = np.frombuffer(json.dumps(values).encode(), np.uint8)
    return save({VALUES: text} | {name: np.ascontiguousarray(array) for name, array in arrays.items()})


def deserialize(content: bytes) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Restore arrays and values: the inverse of ``serialize``.

    Args:
        content: What ``serialize`` returned.

    Returns:
        Arrays by name, and values by name.

    Raises:
        ValueError: The content is damaged.
    """
    try:
        arrays = load(content)
        values = json.loads(arrays.pop(VALUES).tobytes())
    except (SafetensorError, KeyError) as error:
        raise ValueError(f"not a serialised entry: {error}") from None
    if not isinstance(values, dict):
        raise ValueError("not a serialised entry: its values are not a mapping")
    return arrays, values
