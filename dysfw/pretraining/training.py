"""The training loop: device, precision and processes are Lightning Fabric's; what is done in which step is decided here."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from ..errors import DysfwError
from ..training.finetune.optimiser import adamw
from ..util.concurrency import prefetched
from ..util.progress import Progress
from .checkpoint import load_checkpoint, save_checkpoint
from .depth import ProgressiveDepth
from .history import History
from .objective import PretrainingModel
from .samples import Batch, Samples
from .schedule import Schedule

MAX_GRADIENT_NORM = 5.0  # per step
DROPOUT_STREAM = 4  # a stream of random numbers, independent of those of the samples
STOP_CHECK_INTERVAL = 10  # steps between checks whether to stop, if there are several processes


@dataclass(frozen=True, slots=True, eq=False)
class Training:
    """A training run.

    Attributes:
        fabric: Lightning Fabric, for devices, precision and processes.
        model: Backbone and objective.
        samples: The crops.
        schedule: Learning rate, crop size and depth by step.
        seed: Random seed.
        folder: Folder for checkpoints and history.
        fingerprint: Fingerprint of recipe and data.
    """

    fabric: Fabric
    model: PretrainingModel
    samples: Samples
    schedule: Schedule
    seed: int
    folder: Path
    fingerprint: str

    def run(self, progress: Progress, should_stop: Callable[[], bool]) -> bool:
        """Train from the last checkpoint, if there is one, to the end.

        Args:
            progress: Progress display.
            should_stop: Called after each step; True saves a checkpoint and stops.

        Returns:
            Whether the training is complete.

        Raises:
            DysfwError: The checkpoint is damaged or belongs to another run, the disk is full, an image has changed, or the loss
                is not finite.
        """
        config = self.schedule.config
        optimiser = adamw(self.model, config.weight_decay)
        module, wrapped = self.fabric.setup(self.model, optimiser)
        done = load_checkpoint(self.folder, self.fingerprint, self.model, optimiser)
        if done:
            progress.note(f"resuming after step {done} of {config.steps}")
        history = History(self.folder, done, config.batch_size) if self.fabric.is_global_zero else None
        depth = ProgressiveDepth(self.model.network, self.schedule.size) if config.depth else None
        if depth and not done:
            depth.initialise_as_identity()
        steps = progress.track(
            self._batches(done), "training", config.steps, "steps", start=done, detail=lambda: history.text if history else ""
        )
        module.train()
        saved = time.monotonic()
        for step, batch in steps:
            settings = self._apply_schedule(step, optimiser, depth)
            losses = self._step(module, wrapped, batch)
            _require_finite(step, losses["total"])
            done = step + 1
            if history:
                history.add(done, losses, settings)
            stopping = self._stop_requested(done, should_stop)
            if done == config.steps or stopping or time.monotonic() - saved > config.checkpoint_interval:
                if self.fabric.is_global_zero:
                    save_checkpoint(self.folder, self.fingerprint, done, self.model, optimiser)
                saved = time.monotonic()
            if stopping:
                break
        if depth:
            depth.restore()
        return done == config.steps

    @property
    def local_batch_size(self) -> int:
        """Number of crops per batch in this process."""
        return self.schedule.config.batch_size // self.fabric.world_size

    def _apply_schedule(self, step: int, optimiser: torch.optim.Optimizer, depth: ProgressiveDepth | None) -> dict[str, float]:
        """Apply the schedule to the optimiser and the network, and return the settings for the history."""
        settings = {"rate": self.schedule.learning_rate_at(step), "depth": self.schedule.depth_at(step)}
        for group in optimiser.param_groups:
            group["lr"] = settings["rate"]
        if depth:
            depth.set_share(settings["depth"])
        rng = np.random.default_rng([self.seed, DROPOUT_STREAM, step])
        torch.manual_seed(int(rng.integers(2**63)))  # for networks with dropout
        return settings | {"size": self.schedule.size_at(step)}

    def _step(self, module: Callable[..., dict[str, Tensor]], optimiser: Any, batch: Batch) -> dict[str, float]:  # noqa: ANN401
        """Train on one batch and return the losses; module and optimiser are wrapped by Fabric."""
        losses = module(*self.tensors(batch))
        optimiser.zero_grad()
        self.fabric.backward(losses["total"])
        self.fabric.clip_gradients(module, optimiser, max_norm=MAX_GRADIENT_NORM, error_if_nonfinite=False)  # type: ignore[arg-type]
        optimiser.step()
        return {name: loss.item() for name, loss in losses.items()}

    def tensors(self, batch: Batch) -> Iterator[Tensor]:
        """Yield the tensors of a batch on the device, in the order of ``PretrainingModel.forward``.

        Pixels stay uint8, with channels last in memory.
        """
        pixels = torch.from_numpy(batch.pixels).permute(0, 3, 1, 2)
        truth = (batch.identity, batch.region, batch.attributes, batch.landmarks)
        return (self.fabric.to_device(tensor) for tensor in (pixels, *map(torch.from_numpy, truth)))

    def _batches(self, done: int) -> Iterator[tuple[int, Batch]]:
        """Yield each remaining step with this process's part of its batch."""
        config, fabric = self.schedule.config, self.fabric
        part = slice(fabric.global_rank, None, fabric.world_size)

        def cut(step: int) -> tuple[int, Batch]:
            numbers = np.arange(step * config.batch_size, (step + 1) * config.batch_size, dtype=np.int64)[part]
            return step, self.samples.batch(numbers, self.schedule.size_at(step), config.augment)

        return prefetched(cut, range(done, config.steps))

    def _stop_requested(self, done: int, should_stop: Callable[[], bool]) -> bool:
        """Return whether the first process wants to stop."""
        if self.fabric.world_size == 1:
            return should_stop()
        return bool(self.fabric.broadcast(should_stop())) if done % STOP_CHECK_INTERVAL == 0 else False


def _require_finite(step: int, loss: float) -> None:
    if not math.isfinite(loss):
        raise DysfwError(
            f"the training diverged in step {step}: its loss is not finite",
            hint="lower pretrain.learning_rate or raise pretrain.warmup, then start again with --fresh",
        )
