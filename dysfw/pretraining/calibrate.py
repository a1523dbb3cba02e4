"""Recomputes batch-normalisation statistics after training, with all blocks and without augmentation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from .training import Training

MAX_BATCHES = 100


def batches_needed(training: Training) -> int:
    """Return the number of batches for the statistics: 100, or as many as cover the data."""
    return min(MAX_BATCHES, -(-len(training.samples) // training.local_batch_size))


def unaugmented_batches(training: Training, number: int) -> Iterator[tuple[Tensor, ...]]:
    """Yield ``number`` batches of crops without augmentation, at the last size of the schedule."""
    for start in range(0, number * training.local_batch_size, training.local_batch_size):
        numbers = np.arange(start, start + training.local_batch_size, dtype=np.int64)
        yield tuple(training.tensors(training.samples.batch(numbers, training.schedule.sizes[-1], None)))


def update_batch_norm(module: nn.Module, batches: Iterable[tuple[Tensor, ...]]) -> None:
    """Replace all running means and variances by averages over ``batches``.

    Args:
        module: The module to change. It ends in inference mode; nothing else changes.
        batches: Arguments for calls of ``module``; at least one batch.
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
