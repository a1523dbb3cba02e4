"""Checkpoints of pretraining: everything needed to resume with bit-identical results."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from ..errors import DysfwError
from ..training.finetune.array_file import ArrayFile, read_array_file, write_array_file
from ..training.finetune.optimiser import optimiser_arrays, restore_optimiser

FILE = "checkpoint.safetensors"
MODEL, OPTIMISER = "model/", "optimiser/"


def save_checkpoint(folder: Path, fingerprint: str, step: int, model: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    """Write a checkpoint; the previous one stays until the new one is complete.

    Args:
        folder: Folder of the checkpoint.
        fingerprint: Fingerprint of recipe and data.
        step: Number of completed steps.
        model: The model in training.
        optimiser: Its optimiser.

    Raises:
        DysfwError: The checkpoint cannot be written.
    """
    tensors = {MODEL + name: tensor.detach().cpu().numpy() for name, tensor in model.state_dict().items()}
    moments = {OPTIMISER + name: array for name, array in optimiser_arrays(optimiser, model).items()}
    write_array_file(folder / FILE, ArrayFile(tensors | moments, {"fingerprint": fingerprint, "step": step}))


def load_checkpoint(folder: Path, fingerprint: str, model: nn.Module, optimiser: torch.optim.Optimizer) -> int:
    """Restore model and optimiser from the checkpoint, if there is one.

    Args:
        folder: Folder of the checkpoint.
        fingerprint: Fingerprint of recipe and data.
        model: The model to change.
        optimiser: Its optimiser.

    Returns:
        The number of completed steps; 0 without a checkpoint.

    Raises:
        DysfwError: The checkpoint is damaged or belongs to another training run.
    """
    path = folder / FILE
    try:
        content = read_array_file(path)
    except FileNotFoundError:
        return 0
    except ValueError as error:
        raise DysfwError(f"the checkpoint {path} is damaged: {error}", hint="start again with --fresh") from None
    if content.values["fingerprint"] != fingerprint:
        raise DysfwError(
            f"the checkpoint {path} belongs to another training run: recipe, data or starting weights differ",
            hint="use the original recipe and data, choose another file with -o, or start again with --fresh",
        )
    tensors = {
        name.removeprefix(MODEL): torch.from_numpy(array.copy())
        for name, array in content.arrays.items()
        if name.startswith(MODEL)
    }
    moments = {name.removeprefix(OPTIMISER): array for name, array in content.arrays.items() if name.startswith(OPTIMISER)}
    try:
        model.load_state_dict(tensors)
        restore_optimiser(optimiser, model, moments)
    except (RuntimeError, KeyError, ValueError) as error:
        raise DysfwError(
            f"the checkpoint {path} does not fit this backbone: {error}", hint="start again with --fresh"
        ) from None
    return int(content.values["step"])
