"""Reads weight files in torch's format or as safetensors, without executing code they may contain."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from dysfw.plugin import DysfwError, Tensors, read_metadata, read_shapes, read_weights

if TYPE_CHECKING:
    from torch import Tensor

MAX_BYTES = 2**31  # the largest published file has 0.12e9 bytes


def is_safetensors(path: Path) -> bool:
    """Return whether a file is read as safetensors, by its name."""
    return path.suffix == ".safetensors"


def shapes_of(path: Path) -> dict[str, tuple[int, ...]]:
    """Read the shapes of a weight file's tensors.

    Args:
        path: The file.

    Returns:
        The shapes by name.

    Raises:
        ValueError: If the file is too large, damaged, or contains anything other than tensors.
        DysfwError: If the file needs torch, which is not installed.
    """
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path} has {path.stat().st_size:,} bytes; weights of this network are at most {MAX_BYTES:,}")
    if is_safetensors(path):
        return read_shapes(path)
    return {name: tuple(tensor.shape) for name, tensor in _torch_tensors(path, "meta").items()}  # "meta" skips the values


def read_tensors(path: Path, only: Collection[str] | None = None) -> Tensors:
    """Read a weight file that ``shapes_of`` has accepted.

    Args:
        path: The file.
        only: Names of the tensors that are needed; None for all.

    Returns:
        The tensors by name.

    Raises:
        ValueError: As in ``shapes_of``.
        DysfwError: As in ``shapes_of``.
    """
    if is_safetensors(path):
        return read_weights(path, only)
    tensors = _torch_tensors(path, "cpu").items()
    return {name: (one.float() if one.is_floating_point() else one).numpy() for name, one in tensors}


def licence_of(path: Path) -> str:
    """Return the licence that a weight file states, or "unstated"."""
    return (is_safetensors(path) and read_metadata(path).get("licence")) or "unstated"


def _torch_tensors(path: Path, device: str) -> Mapping[str, Tensor]:
    import pickle
    import zipfile

    if not find_spec("torch"):
        raise DysfwError(
            f"{path} can only be read with torch, which is not installed",
            hint=f"pip install torch; or, on a machine that has torch, convert the file: python -m dysfw_facenet.convert "
            f"{path.name} {path.stem}.safetensors",
        )
    import torch

    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, zipfile.BadZipFile, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"{path} cannot be read as a file of tensors ({reason}). It is damaged or incomplete, or it contains other "
            "objects, which are not loaded because they could execute code"
        ) from error
    if not isinstance(state, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in state.values()):
        raise ValueError(f"{path} does not contain a dictionary of tensors, as facenet-pytorch publishes them")
    return state
