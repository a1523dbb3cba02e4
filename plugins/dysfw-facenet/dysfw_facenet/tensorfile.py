"""Reads weight files in torch's format or as safetensors, without executing code they may contain."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import torch
from torch import Tensor

from dysfw.plugin import read_metadata, read_weights

MAX_BYTES = 2**31  # the largest published file has 0.12e9 bytes


def read_tensors(path: Path) -> tuple[dict[str, Tensor], str]:
    """Read a weight file.

    Returns:
        Tensors by name, and the licence stated in the file, or "unstated".

    Raises:
        ValueError: If the file is too large, damaged, or contains anything other than tensors.
    """
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path} has {path.stat().st_size:,} bytes; weights of this network are at most {MAX_BYTES:,}")
    if path.suffix == ".safetensors":
        tensors = {name: torch.from_numpy(array) for name, array in read_weights(path).items()}
        return tensors, read_metadata(path).get("licence") or "unstated"
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, zipfile.BadZipFile, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"{path} cannot be read as a file of tensors ({reason}). It is damaged or incomplete, or it contains other "
            "objects, which are not loaded because they could execute code"
        ) from error
    if not isinstance(state, dict) or not all(isinstance(tensor, Tensor) for tensor in state.values()):
        raise ValueError(f"{path} does not contain a dictionary of tensors, as facenet-pytorch publishes them")
    return dict(state), "unstated"
