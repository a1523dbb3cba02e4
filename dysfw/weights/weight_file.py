"""Weight files: safetensors, whose large tensors may be kept in 8 bits.

In 8 bits a tensor of two or more dimensions is stored as int8 beside ``NAME/scale``, float32, one for each output channel (its
first dimension): value = int8 · scale, the scale being the channel's largest magnitude / 127. Everything else is float32.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ..errors import DysfwError
from ..types import Float32

Array = npt.NDArray[np.generic]
Bits = Literal[8, 32]

SCALE = "/scale"


def write_weights(path: Path, tensors: Mapping[str, Array], metadata: Mapping[str, str], bits: Bits = 32) -> None:
    """Write a weight file under its name only when it is complete. Raises DysfwError where the disk refuses."""
    stored: dict[str, Array] = {}  # each laid out in C order: safetensors would write others as they lie in memory
    for name, tensor in tensors.items():
        if bits == 8 and tensor.ndim >= 2 and np.issubdtype(tensor.dtype, np.floating):
            stored[name], stored[name + SCALE] = _quantised(tensor.astype(np.float32))
        else:
            stored[name] = np.asarray(tensor, order="C")  # not ascontiguousarray, which gives a scalar a dimension
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as scratch:
            unfinished = Path(scratch) / path.name
            save_file(stored, unfinished, dict(metadata))
            unfinished.replace(path)
    except (OSError, SafetensorError) as error:
        raise DysfwError(f"cannot write the weights {path}: {error}") from None


def read_weights(path: Path, only: Collection[str] | None = None) -> dict[str, Array]:
    """The tensors of a weight file by name, those kept in 8 bits as float32 again. only: the names of those that are wanted,
    as far as they are there; None: all.

    Raises ValueError where the file is no safetensors file, or a tensor in 8 bits is without its scales.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            names = [n for n in file.keys() if only is None or n.removesuffix(SCALE) in only]  # noqa: SIM118  # it is no mapping
            stored = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} cannot be read as a safetensors file: {error}") from error
    scales = {name.removesuffix(SCALE): stored.pop(name) for name in list(stored) if name.endswith(SCALE)}
    for name, scale in scales.items():
        tensor = stored.get(name)
        if tensor is None or tensor.dtype != np.int8 or scale.shape != tensor.shape[:1]:
            raise ValueError(f"{path}: {name}{SCALE} does not belong to an 8-bit tensor {name}")
        stored[name] = tensor.astype(np.float32) * _column(scale.astype(np.float32), tensor.ndim)
    return stored


def read_metadata(path: Path) -> dict[str, str]:
    """The text that a weight file carries about itself. Raises ValueError where it is no safetensors file."""
    try:
        with safe_open(path, framework="numpy") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} cannot be read as a safetensors file: {error}") from error


def rounded(tensor: Float32) -> Float32:
    """The tensor as a file with 8 bits gives it back."""
    if tensor.ndim < 2:
        return tensor
    values, scale = _quantised(tensor)
    return values.astype(np.float32) * _column(scale, tensor.ndim)


def _quantised(tensor: Float32) -> tuple[npt.NDArray[np.int8], Float32]:
    largest = np.abs(tensor.reshape(len(tensor), -1)).max(axis=1, initial=0).astype(np.float32)
    scale = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return np.rint(tensor / _column(scale, tensor.ndim)).astype(np.int8, order="C"), scale


def _column(scale: Float32, dimensions: int) -> Float32:
    """One value for each output channel, shaped to multiply a tensor of so many dimensions."""
    return scale.reshape(-1, *[1] * (dimensions - 1))
