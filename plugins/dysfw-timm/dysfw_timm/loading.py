"""Puts the tensors of a safetensors file into a model, all of them or none."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from dysfw.plugin import load_tensors, read_weights

from .models import PRE_LOGITS

NECK = "neck"  # what `dysfw pretrain` writes beside a trunk, to verify it with


def load(model: nn.Module, path: Path, classifier: str | tuple[str, ...] | None) -> None:
    """Replaces all of the model's parameters and buffers by those in ``path``.

    classifier: the model's own layer or layers of that purpose, which the file may have and the model has not. Raises
    ValueError, and leaves the model as it was, where the file is no safetensors file, where any other tensor is missing or
    left over, or where one has another shape.
    """
    tensors = {name: torch.from_numpy(array) for name, array in read_weights(path).items()}
    layers = (classifier,) if isinstance(classifier, str) else classifier or ()
    load_tensors(model, tensors, str(path), beside=(*layers, PRE_LOGITS, NECK))
