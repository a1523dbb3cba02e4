"""Weight files: safetensors, optionally with 8-bit quantisation.

In 8 bits a tensor of two or more dimensions is stored as int8 with ``NAME/scale``, float32, one scale for each output channel
(first dimension): value = int8 · scale, where the scale is the channel's maximum magnitude / 127. All other tensors are not
quantised.
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
from ..util.atomic import replace_file

Array = npt.NDArray[np.generic]
Bits = Literal[8, 32]

SCALE = "/scale"


def write_weights(path: Path, tensors: Mapping[str, Array], metadata: Mapping[str, str], bits: Bits = 32) -> None:
    """Write a weight file. It appears under its name when it is complete.

    Args:
        path: The file.
        tensors: The tensors by name.
        metadata: Text by key.
        bits: 8 quantises floating-point tensors of two or more dimensions; 32 stores all as they are.

    Raises:
        DysfwError: The file cannot be written.
    """
    stored: dict[str, Array] = {}  # in C order, since safetensors would write other layouts as they are in memory
    for name, tensor in tensors.items():
        if bits == 8 and tensor.ndim >= 2 and np.issubdtype(tensor.dtype, np.floating):
            stored[name], stored[name + SCALE] = _quantised(tensor.astype(np.float32))
        else:
            stored[name] = np.asarray(tensor, order="C")  # not ascontiguousarray, which adds a dimension to a scalar
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as scratch:
            unfinished = Path(scratch) / path.name
            save_file(stored, unfinished, dict(metadata))
            replace_file(unfinished, path)
    except (OSError, SafetensorError) as error:
        raise DysfwError(f"cannot write the weights {path}: {error}") from None


def read_weights(path: Path, only: Collection[str] | None = None) -> dict[str, Array]:
    """Read the tensors of a weight file. Quantised tensors are converted back to float32.

    Args:
        path: The file.
        only: Names of the tensors to read; missing ones are ignored. None reads all.

    Returns:
        The tensors by name.

    Raises:
        ValueError: It is not a safetensors file, or scales do not match their tensor.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            names = [n for n in file.keys() if only is None or n.removesuffix(SCALE) in only]  # noqa: SIM118  # not a mapping
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


def read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Read the shapes of a weight file's tensors, without the tensors.

    Args:
        path: The file.

    Returns:
        The shapes by name.

    Raises:
        ValueError: It is not a safetensors file.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            names = [name for name in file.keys() if not name.endswith(SCALE)]  # noqa: SIM118  # not a mapping
            return {name: tuple(file.get_slice(name).get_shape()) for name in names}
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} cannot be read as a safetensors file: {error}") from error


def read_metadata(path: Path) -> dict[str, str]:
    """Read the metadata of a weight file.

    Args:
        path: The file.

    Returns:
        Text by key.

    Raises:
        ValueError: It is not a safetensors file.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} cannot be read as a safetensors file: {error}") from error


def rounded(tensor: Float32) -> Float32:
    """Round a tensor as an 8-bit weight file does.

    Args:
        tensor: The tensor.

    Returns:
        What reading it from such a file would give.
    """
    if tensor.ndim < 2:
        return tensor
    values, scale = _quantised(tensor)
    return values.astype(np.float32) * _column(scale, tensor.ndim)


def _quantised(tensor: Float32) -> tuple[npt.NDArray[np.int8], Float32]:
    max_magnitude = np.abs(tensor.reshape(len(tensor), -1)).max(axis=1, initial=0).astype(np.float32)
    scale = np.where(max_magnitude > 0, max_magnitude / 127, 1).astype(np.float32)
    return np.rint(tensor / _column(scale, tensor.ndim)).astype(np.int8, order="C"), scale


def _column(scale: Float32, dimensions: int) -> Float32:
    """One value for each output channel, shaped to multiply a tensor with this number of dimensions."""
    return scale.reshape(-1, *[1] * (dimensions - 1))
