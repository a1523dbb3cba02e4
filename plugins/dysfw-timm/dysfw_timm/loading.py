"""Loads the tensors of a safetensors file into a model."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from dysfw.plugin import load_tensors, read_weights


def load(model: nn.Module, path: Path, ignore: tuple[str, ...]) -> None:
    """Load all parameters and buffers of a model.

    Args:
        model: The model; it is unchanged if the file does not fit.
        path: The safetensors file.
        ignore: Names of layers that the file may contain although the model does not have them, such as a classifier.

    Raises:
        ValueError: If the file is not a safetensors file, or tensors are missing, superfluous or of another shape.
    """
    tensors = {name: torch.from_numpy(array) for name, array in read_weights(path).items()}
    load_tensors(model, tensors, str(path), ignore=ignore)
