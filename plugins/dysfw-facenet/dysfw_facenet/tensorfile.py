"""Reads the tensors of a weight file, torch's own format or safetensors, without running anything that it may carry."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import torch
from torch import Tensor

from dysfw.plugin import read_metadata, read_weights

MOST = 2**31  # bytes; the largest that is meant has 0.12 · 10⁹


def read_tensors(path: Path) -> tuple[dict[str, Tensor], str]:
    """Tensors by name, and the licence that the file states, else "unstated". Raises ValueError for any other file."""
    if path.stat().st_size > MOST:
        raise ValueError(f"{path} has {path.stat().st_size:,} bytes; no weights of this network are that large")
    if path.suffix == ".safetensors":
        tensors = {name: torch.from_numpy(array) for name, array in read_weights(path).items()}
        return tensors, read_metadata(path).get("licence") or "unstated"
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, zipfile.BadZipFile, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"{path} cannot be read as a file of tensors alone ({reason}). It is damaged or only half there, or it holds more "
            "than tensors, which is not read: that could run code"
        ) from error
    if not isinstance(state, dict) or not all(isinstance(tensor, Tensor) for tensor in state.values()):
        raise ValueError(f"{path} holds no tensors by name, as facenet-pytorch publishes them")
    return dict(state), "unstated"
