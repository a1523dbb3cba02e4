"""Arrays and plain values as bytes, and back: a safetensors file in memory, so that reading never runs anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

Arrays = Mapping[str, npt.NDArray[np.generic]]
VALUES = "\0values"  # no stage's array is called so


def packed(arrays: Arrays, values: Mapping[str, object]) -> bytes:
    """values: plain JSON."""
    text = np.frombuffer(json.dumps(values).encode(), np.uint8)
    return save({VALUES: text} | {name: np.ascontiguousarray(array) for name, array in arrays.items()})


def unpacked(content: bytes) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Raises ValueError where the bytes are no such thing."""
    try:
        arrays = load(content)
        values = json.loads(arrays.pop(VALUES).tobytes())
    except (SafetensorError, KeyError) as error:
        raise ValueError(f"no packed entry: {error}") from None
    if not isinstance(values, dict):
        raise ValueError("no packed entry: its values are no mapping")
    return arrays, values
