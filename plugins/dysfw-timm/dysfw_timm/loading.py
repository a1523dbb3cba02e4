"""Puts the tensors of a safetensors file into a model, all of them or none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor, nn

from dysfw.weightfile import read_weights

NAMED = 5
NECK = "neck"  # what `dysfw pretrain` writes beside a trunk, to verify it with


def load(model: nn.Module, path: Path, classifier: str | tuple[str, ...] | None) -> None:
    """Replaces all of the model's parameters and buffers by those in ``path``.

    classifier: the model's own layer or layers of that purpose, which the file may have and the model has not. Raises
    ValueError, and leaves the model as it was, where the file is no safetensors file, where any other tensor is missing or
    left over, or where one has another shape.
    """
    tensors = {name: torch.from_numpy(array) for name, array in read_weights(path).items()}
    layers = (classifier,) if isinstance(classifier, str) else classifier or ()
    wanted = model.state_dict()
    missing = wanted.keys() - tensors.keys()
    beside = tuple(f"{layer}." for layer in (*layers, NECK))
    extra = [k for k in tensors.keys() - wanted.keys() if not k.startswith(beside)]
    shared = wanted.keys() & tensors.keys()
    other = [k for k in shared if wanted[k].shape != tensors[k].shape]
    problems = [
        _listed("missing", missing),
        _listed("left over", extra),
        _listed("of another shape", other, {k: f" {list(tensors[k].shape)} for {list(wanted[k].shape)}" for k in other}),
    ]
    if any(problems):
        raise ValueError(f"{path} is not for this model: {'; '.join(filter(None, problems))}")
    model.load_state_dict({k: tensors[k] for k in shared})


def tensor_digest(model: nn.Module) -> str:
    """sha256 of a model's tensors, hexadecimal: for each, by name, its name, type, shape and little-endian bytes."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(_bytes(tensor))
    return digest.hexdigest()


def _bytes(tensor: Tensor) -> bytes:
    array = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return array.tobytes()


def _listed(what: str, keys: Iterable[str], notes: dict[str, str] | None = None) -> str:
    names = sorted(keys)
    shown = ", ".join(name + (notes or {}).get(name, "") for name in names[:NAMED])
    return f"{len(names)} {what} ({shown}{', …' if len(names) > NAMED else ''})" if names else ""
