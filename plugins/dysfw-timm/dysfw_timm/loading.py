"""Loads the tensors of a safetensors file into a model."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from dysfw.plugin import load_tensors, read_weights

from .models import PRE_LOGITS

PROJECTION_HEAD = "neck"  # saved by `dysfw pretrain` together with the backbone


def load(model: nn.Module, path: Path, classifier: str | tuple[str, ...] | None) -> None:
    """Load all parameters and buffers of a model.

    Args:
        model: The model; it is unchanged if the file does not fit.
        path: The safetensors file.
        classifier: Names of the classifier's layers, which the file may contain although the model does not have them.

    Raises:
        ValueError: If the file is not a safetensors file, or tensors are missing, superfluous or of another shape.
    """
    tensors = {name: torch.from_numpy(array) for name, array in read_weights(path).items()}
    layers = (classifier,) if isinstance(classifier, str) else classifier or ()
    load_tensors(model, tensors, str(path), ignore=(*layers, PRE_LOGITS, PROJECTION_HEAD))
