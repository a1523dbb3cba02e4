"""After training: the statistics of batch normalisation as they are with every block kept and with crops as they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from .training import Training

BATCHES = 100  # or as many as show all of the data


def calibration_batches(training: Training) -> int:
    """How many batches are enough."""
    return min(BATCHES, -(-len(training.samples) // training.share))


def plain_batches(training: Training, number: int) -> Iterator[tuple[Tensor, ...]]:
    """So many batches of crops without augmentation, of the last size."""
    for start in range(0, number * training.share, training.share):
        numbers = np.arange(start, start + training.share, dtype=np.int64)
        yield tuple(training.tensors(training.samples.batch(numbers, training.schedule.sizes[-1], None)))


def calibrate(module: nn.Module, batches: Iterable[tuple[Tensor, ...]]) -> None:
    """Replace all running means and variances by averages over ``batches`` (at least one), what ``module`` is called with.

    The module is left in inference mode. Nothing else of it changes.
    """
    norms = [m for m in module.modules() if isinstance(m, _BatchNorm) and m.track_running_stats]
    momenta = [norm.momentum for norm in norms]
    module.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain average
        norm.train()
    with torch.no_grad():
        for batch in batches:
            module(*batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
