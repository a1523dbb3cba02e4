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
from .depth import Depth
from .history import History
from .objective import Learner
from .samples import Batch, Samples
from .schedule import Schedule

CLIP = 5.0  # the largest norm of a step's gradient
NOISE = 4  # a stream of random numbers, beside those of the samples
ASK_EVERY = 10  # steps between the moments when several processes agree on whether to stop


@dataclass(frozen=True, slots=True, eq=False)
class Training:
    """Everything that takes part. folder: for checkpoints and history. fingerprint: of recipe and data."""

    fabric: Fabric
    learner: Learner
    samples: Samples
    schedule: Schedule
    seed: int
    folder: Path
    fingerprint: str

    def run(self, progress: Progress, stopped: Callable[[], bool]) -> bool:
        """Go on from the checkpoint, if there is one, to the end, or to where ``stopped`` says so: then False.

        Raises DysfwError: foreign or damaged checkpoint, full disk, photographs that changed, losses that are no numbers.
        """
        keys = self.schedule.keys
        optimiser = adamw(self.learner, keys.weight_decay)
        module, wrapped = self.fabric.setup(self.learner, optimiser)
        done = load_checkpoint(self.folder, self.fingerprint, self.learner, optimiser)
        if done:
            progress.note(f"going on after step {done} of {keys.steps}")
        history = History(self.folder, done, keys.batch) if self.fabric.is_global_zero else None
        depth = Depth(self.learner.network, self.schedule.size) if keys.depth else None
        if depth and not done:
            depth.begin()
        steps = progress.track(
            self._batches(done), "training", keys.steps, "steps", start=done, detail=lambda: history.text if history else ""
        )
        module.train()
        saved = time.monotonic()
        for step, batch in steps:
            settings = self._set(step, optimiser, depth)
            losses = self._step(module, wrapped, batch)
            _refuse_divergence(step, losses["total"])
            done = step + 1
            if history:
                history.add(done, losses, settings)
            stopping = self._agree(done, stopped)
            if done == keys.steps or stopping or time.monotonic() - saved > keys.checkpoint:
                if self.fabric.is_global_zero:
                    save_checkpoint(self.folder, self.fingerprint, done, self.learner, optimiser)
                saved = time.monotonic()
            if stopping:
                break
        if depth:
            depth.restore()
        return done == keys.steps

    @property
    def share(self) -> int:
        """How many crops of a batch are this process's."""
        return self.schedule.keys.batch // self.fabric.world_size

    def _set(self, step: int, optimiser: torch.optim.Optimizer, depth: Depth | None) -> dict[str, float]:
        """All that the schedule decides of a step. Returned for the history."""
        settings = {"rate": self.schedule.rate_at(step), "depth": self.schedule.depth_at(step)}
        for group in optimiser.param_groups:
            group["lr"] = settings["rate"]
        if depth:
            depth.grow(settings["depth"])
        torch.manual_seed(int(np.random.default_rng([self.seed, NOISE, step]).integers(2**63)))  # for trunks with dropout
        return settings | {"size": self.schedule.size_at(step)}

    def _step(self, module: Callable[..., dict[str, Tensor]], optimiser: Any, batch: Batch) -> dict[str, float]:  # noqa: ANN401
        """Learn from one batch; the losses. module, optimiser: as Fabric wraps them."""
        losses = module(*self.tensors(batch))
        optimiser.zero_grad()
        self.fabric.backward(losses["total"])
        self.fabric.clip_gradients(module, optimiser, max_norm=CLIP, error_if_nonfinite=False)  # type: ignore[arg-type]
        optimiser.step()
        return {name: loss.item() for name, loss in losses.items()}

    def tensors(self, batch: Batch) -> Iterator[Tensor]:
        """A batch on the device, as ``Learner.forward`` takes it; pixels stay bytes, channels last in memory."""
        pixels = torch.from_numpy(batch.pixels).permute(0, 3, 1, 2)
        rest = (batch.identity, batch.region, batch.attributes, batch.landmarks)
        return (self.fabric.to_device(tensor) for tensor in (pixels, *map(torch.from_numpy, rest)))

    def _batches(self, done: int) -> Iterator[tuple[int, Batch]]:
        """Each step that is left, with this process's share of its batch."""
        keys, fabric = self.schedule.keys, self.fabric
        share = slice(fabric.global_rank, None, fabric.world_size)

        def make(step: int) -> tuple[int, Batch]:
            numbers = np.arange(step * keys.batch, (step + 1) * keys.batch, dtype=np.int64)[share]
            return step, self.samples.batch(numbers, self.schedule.size_at(step), keys.augment)

        return prefetched(make, range(done, keys.steps))

    def _agree(self, done: int, stopped: Callable[[], bool]) -> bool:
        """Whether to stop now: what the first process says."""
        if self.fabric.world_size == 1:
            return stopped()
        return bool(self.fabric.broadcast(stopped())) if done % ASK_EVERY == 0 else False


def _refuse_divergence(step: int, loss: float) -> None:
    if not math.isfinite(loss):
        raise DysfwError(
            f"the training went astray in step {step}: its loss is no finite number",
            hint="lower pretrain.learning_rate or raise pretrain.warmup, and start anew with --fresh",
        )
