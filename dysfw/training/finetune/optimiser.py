"""AdamW (Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019), and its state as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

MOMENTS = ("exp_avg", "exp_avg_sq")
STEP = "step"
Array = npt.NDArray[np.generic]


def adamw(learner: nn.Module, weight_decay: float) -> torch.optim.AdamW:
    """Weight decay draws on matrices and filters, not on biases and normalisations. The learning rate is set step by step."""
    parameters = list(learner.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=0.0, fused=True)  # in one pass over memory: ten times as fast on a processor


def optimiser_arrays(optimiser: torch.optim.Optimizer, learner: nn.Module) -> dict[str, Array]:
    """ "NAME/exp_avg", "NAME/exp_avg_sq" and "NAME/step" of every parameter that was ever updated."""
    return {
        f"{name}/{key}": optimiser.state[parameter][key].detach().cpu().numpy()
        for name, parameter in learner.named_parameters()
        if parameter in optimiser.state
        for key in (*MOMENTS, STEP)
    }


def restore_optimiser(optimiser: torch.optim.Optimizer, learner: nn.Module, arrays: Mapping[str, Array]) -> None:
    """The inverse. The moments take the parameters' layout in memory, so that the arithmetic is the same to the bit.
    Raises ValueError where the arrays are those of another learner."""
    for name, parameter in learner.named_parameters():
        if f"{name}/{STEP}" not in arrays:
            continue
        state = {key: torch.zeros_like(parameter, memory_format=torch.preserve_format) for key in MOMENTS}
        for key, moment in state.items():
            array = arrays[f"{name}/{key}"]
            if array.shape != tuple(parameter.shape):
                raise ValueError(f"{name}/{key} has shape {list(array.shape)} for {list(parameter.shape)}")
            moment.copy_(torch.from_numpy(array))
        optimiser.state[parameter] = state | {STEP: torch.from_numpy(arrays[f"{name}/{STEP}"].copy())}
