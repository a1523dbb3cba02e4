"""Fine-tunes a backbone on the crops of one region and returns the changes of its weights."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # the usual name
from torch import Tensor, nn

from ...errors import DysfwError
from ...recipe.sections import Mode, Tune
from ...runtime.torch_utils import Tunable
from ...stats.folds import patient_folds
from ...types import Float32, Int64, UInt8
from ...weights.weight_file import rounded
from .crops import CropStore
from .optimiser import adamw

VALIDATION_FOLDS = 5  # one fold of the patients decides when to stop
MAX_GRADIENT_NORM = 5.0
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm)
SHUFFLE_STREAM, AUGMENT_STREAM = 11, 12  # streams of random numbers
VALIDATION_BATCH = 32  # crops


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """The classification of one region's crops.

    Attributes:
        crops: Crops of the whole data set.
        region: Index of the region.
        rows: int64 [n], rows of ``crops`` in which the region is present.
        y: int64 [n], conditions.
        groups: int64 [n], patients.
    """

    crops: CropStore
    region: int
    rows: Int64
    y: Int64
    groups: Int64


def tune(backbone: Tunable, task: Task, config: Tune, seed: int) -> dict[str, Float32]:
    """Fine-tune a copy of the backbone on one region.

    Training stops early: the result is that of the epoch with the lowest class-weighted log loss on validation patients.

    Args:
        backbone: The backbone, which is not changed.
        task: The region's crops and their conditions.
        config: The recipe's section ``tune``.
        seed: Random seed.

    Returns:
        float32 weight deltas by tensor name of ``backbone.net``, rounded as a bundle stores them.

    Raises:
        DysfwError: The loss is not finite.
    """
    train_rows, validation_rows = patient_folds(task.y, task.groups, VALIDATION_FOLDS, seed)[0]
    tuning = _FineTuning(backbone, task, config, train_rows)
    best_loss, best_deltas, since = np.inf, tuning.weight_deltas(), 0
    for epoch in range(config.epochs):
        order = np.random.default_rng([seed, SHUFFLE_STREAM, task.region, epoch]).permutation(train_rows)
        tuning.train_epoch(order, epoch, seed)
        loss = tuning.validation_loss(validation_rows)
        since += 1
        if loss < best_loss:
            best_loss, best_deltas, since = loss, tuning.weight_deltas(), 0
        if since >= config.patience:
            break
    return {name: rounded(delta.numpy()) for name, delta in sorted(best_deltas.items())}


def tunable_tensors(backbone: Tunable, mode: Mode) -> frozenset[str]:
    """Return the names of the tensors that ``mode`` allows to change, including statistics of normalisation layers.

    Raises:
        DysfwError: The mode is "batchnorm" and the backbone has no normalisation layers.
    """
    floating = {name for name, tensor in backbone.net.state_dict().items() if tensor.is_floating_point()}
    if mode == "full":
        return frozenset(floating)
    if mode == "last_block":
        return frozenset(backbone.last_block & floating)
    norms = {name for name, module in backbone.net.named_modules() if isinstance(module, NORMS)}
    chosen = frozenset(name for name in floating if name.rpartition(".")[0] in norms)
    if not chosen:
        raise DysfwError("tune.mode: this backbone has no normalisation layers to tune", hint="use last_block or full")
    return chosen


class _FineTuning:
    """A copy of the backbone with a linear classifier of the task's conditions, in training."""

    def __init__(self, backbone: Tunable, task: Task, config: Tune, train_rows: Int64) -> None:
        self.task, self.config = task, config
        self.names = tunable_tensors(backbone, config.mode)
        self.initial = {name: backbone.net.state_dict()[name].float().cpu() for name in self.names}
        copies: dict[int, object] = {}
        self.module = copy.deepcopy(backbone.module, copies)
        net = copies[id(backbone.net)]  # deepcopy keeps the copies by the ids of the originals
        assert isinstance(net, nn.Module)  # noqa: S101
        self.net = net
        for name, parameter in self.net.named_parameters():
            parameter.requires_grad_(name in self.names)
        self.device = next(self.net.parameters()).device
        self.classes = np.unique(task.y, return_inverse=True)[1]
        counts = np.maximum(1, np.bincount(self.classes[train_rows], minlength=int(self.classes.max()) + 1))
        self.weight = torch.from_numpy(counts.mean() / counts).float().to(self.device)
        dim = self._embed(task.crops.plain[task.rows[:1], task.region]).shape[1]
        self.classifier = nn.Linear(dim, len(counts)).to(self.device)
        nn.init.zeros_(self.classifier.weight)
        nn.init.zeros_(self.classifier.bias)
        self.trained = nn.ModuleList([self.net, self.classifier])
        self.optimiser = adamw(self.trained, config.weight_decay)
        self.steps, self.step = config.epochs * -(-len(train_rows) // config.batch_size), 0

    def train_epoch(self, order: Int64, epoch: int, seed: int) -> None:
        """Train on every crop once, in the given order."""
        self.module.eval()
        for path, layer in self.net.named_modules():
            layer.training = isinstance(layer, NORMS) and f"{path}.weight" in self.names
        for rows in np.array_split(order, -(-len(order) // self.config.batch_size)):
            for group in self.optimiser.param_groups:
                group["lr"] = self._learning_rate()
            crops = self._to_device(self._augmented(rows, epoch, seed))
            loss = self._loss(self.classifier(self.module(crops)), rows)
            if not torch.isfinite(loss):
                raise DysfwError("tuning diverged: its loss is not finite", hint="lower tune.learning_rate")
            self.optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_([p for p in self.trained.parameters() if p.grad is not None], MAX_GRADIENT_NORM)
            self.optimiser.step()
            self.step += 1

    def validation_loss(self, validation_rows: Int64) -> float:
        """Return the loss on plain crops of validation patients."""
        plain = self.task.crops.plain[self.task.rows[validation_rows], self.task.region]
        with torch.inference_mode():
            return float(self._loss(self.classifier(self._embed(plain)), validation_rows))

    def weight_deltas(self) -> dict[str, Tensor]:
        """Return the differences from the initial weights, by name."""
        tensors = self.net.state_dict()
        return {name: tensors[name].detach().float().cpu() - self.initial[name] for name in self.names}

    def _loss(self, scores: Tensor, n: Int64) -> Tensor:
        return F.cross_entropy(scores.float(), torch.from_numpy(self.classes[n]).to(self.device), self.weight)

    def _augmented(self, n: Int64, epoch: int, seed: int) -> UInt8:
        """Cut crops uint8 [B, S, S, 3]; each depends only on the seed, the region, the epoch and its row."""
        task, augment = self.task, self.config.augment
        rows = [int(row) for row in task.rows[n]]
        streams = (np.random.default_rng([seed, AUGMENT_STREAM, task.region, epoch, row]) for row in rows)
        return np.stack([task.crops.augmented(row, task.region, augment, rng) for row, rng in zip(rows, streams, strict=True)])

    def _embed(self, crops: UInt8) -> Tensor:
        self.module.eval()
        with torch.inference_mode():
            parts = [
                self.module(self._to_device(crops[i : i + VALIDATION_BATCH])) for i in range(0, len(crops), VALIDATION_BATCH)
            ]
            return torch.cat(parts)

    def _to_device(self, crops: UInt8) -> Tensor:
        return torch.from_numpy(np.array(crops)).to(self.device).permute(0, 3, 1, 2)

    def _learning_rate(self) -> float:
        """Rise linearly during the warm-up, then fall linearly to 0."""
        warmup_steps = self.config.warmup * self.steps
        decay = (self.steps - self.step) / max(1.0, self.steps - warmup_steps)
        return self.config.learning_rate * min((self.step + 1) / (warmup_steps + 1), decay)
