"""Where a training stands: everything needed to go on as if it had never stopped, in one file that is whole or not believed."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from ..errors import DysfwError
from ..training.finetune.optimiser import optimiser_arrays, restore_optimiser
from ..training.finetune.stored_arrays import Stored, read_stored, write_stored

FILE = "checkpoint.safetensors"
MODEL, OPTIMISER = "model/", "optimiser/"


def save_checkpoint(folder: Path, fingerprint: str, step: int, learner: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    """step: how many are done. The checkpoint before stays until this one is complete. Raises DysfwError."""
    model = {MODEL + name: tensor.detach().cpu().numpy() for name, tensor in learner.state_dict().items()}
    moments = {OPTIMISER + name: array for name, array in optimiser_arrays(optimiser, learner).items()}
    write_stored(folder / FILE, Stored(model | moments, {"fingerprint": fingerprint, "step": step}))


def load_checkpoint(folder: Path, fingerprint: str, learner: nn.Module, optimiser: torch.optim.Optimizer) -> int:
    """How many steps were done, with learner and optimiser as they then were; 0 where there is no checkpoint.

    fingerprint: of recipe and data. Raises DysfwError where the checkpoint is damaged or of another training.
    """
    path = folder / FILE
    try:
        stored = read_stored(path)
    except FileNotFoundError:
        return 0
    except ValueError as error:
        raise DysfwError(f"the checkpoint {path} is damaged: {error}", hint="start anew with --fresh") from None
    if stored.values["fingerprint"] != fingerprint:
        raise DysfwError(
            f"the checkpoint {path} is of another training: its recipe, data or starting weights differ",
            hint="go on with what it was begun with, name another file with -o, or start anew with --fresh",
        )
    model = {
        name.removeprefix(MODEL): torch.from_numpy(array.copy())
        for name, array in stored.arrays.items()
        if name.startswith(MODEL)
    }
    moments = {name.removeprefix(OPTIMISER): array for name, array in stored.arrays.items() if name.startswith(OPTIMISER)}
    try:
        learner.load_state_dict(model)
        restore_optimiser(optimiser, learner, moments)
    except (RuntimeError, KeyError, ValueError) as error:
        raise DysfwError(f"the checkpoint {path} does not fit this trunk: {error}", hint="start anew with --fresh") from None
    return int(stored.values["step"])
