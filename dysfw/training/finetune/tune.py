"""Fits a trunk to one region: a copy learns to tell the conditions apart by that region's crops, and what changed is kept."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # as everybody calls it
from torch import Tensor, nn

from ...errors import DysfwError
from ...recipe.sections import Mode, Tune
from ...stats.folds import patient_folds
from ...torch_utils import Tunable
from ...types import Float32, Int64, UInt8
from ...weights.weight_file import rounded
from .crops import Crops
from .optimiser import adamw

HELD = 5  # one patient in so many is not learned from: by those it is judged when to stop
CLIP = 5.0  # the largest norm of a step's gradient
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm)
ORDER, LOOK = 11, 12  # streams of random numbers
AT_ONCE = 32  # crops that are judged together


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One region's crops that are to be told apart. rows: int64 [n], of ``crops``, in which the region is present; y: int64
    [n], conditions; groups: int64 [n], patients."""

    crops: Crops
    region: int
    rows: Int64
    y: Int64
    groups: Int64


def tune(backbone: Tunable, task: Task, keys: Tune, seed: int) -> dict[str, Float32]:
    """What tuning adds to the tensors of ``backbone.net``, by name, already rounded as a bundle stores it.

    Of the epochs that one counts after which patients not learned from were told apart best (class-weighted log loss).
    Raises DysfwError where the loss is no number.
    """
    train_rows, test_rows = patient_folds(task.y, task.groups, HELD, seed)[0]
    learner = _Learner(backbone, task, keys, train_rows)
    best, kept, since = np.inf, learner.changed(), 0
    for epoch in range(keys.epochs):
        order = np.random.default_rng([seed, ORDER, task.region, epoch]).permutation(train_rows)
        learner.train_rows(order, epoch, seed)
        judged = learner.predict(test_rows)
        since += 1
        if judged < best:
            best, kept, since = judged, learner.changed(), 0
        if since >= keys.patience:
            break
    return {name: rounded(difference.numpy()) for name, difference in sorted(kept.items())}


def tuned_names(backbone: Tunable, mode: Mode) -> frozenset[str]:
    """Names of the net's tensors that may change: parameters, and the statistics of normalisations that do."""
    floating = {name for name, tensor in backbone.net.state_dict().items() if tensor.is_floating_point()}
    if mode == "full":
        return frozenset(floating)
    if mode == "last_block":
        return frozenset(backbone.last_block & floating)
    norms = {name for name, module in backbone.net.named_modules() if isinstance(module, NORMS)}
    chosen = frozenset(name for name in floating if name.rpartition(".")[0] in norms)
    if not chosen:
        raise DysfwError("tune.mode: this trunk has no normalisations to tune", hint="take last_block or full")
    return chosen


class _Learner:
    """A copy of the trunk with a linear readout over the task's conditions."""

    def __init__(self, backbone: Tunable, task: Task, keys: Tune, train_rows: Int64) -> None:
        self.task, self.keys = task, keys
        self.names = tuned_names(backbone, keys.mode)
        self.before = {name: backbone.net.state_dict()[name].float().cpu() for name in self.names}
        made: dict[int, object] = {}
        self.module = copy.deepcopy(backbone.module, made)
        net = made[id(backbone.net)]  # deepcopy keeps what it made by the original's id
        assert isinstance(net, nn.Module)  # noqa: S101
        self.net = net
        for name, parameter in self.net.named_parameters():
            parameter.requires_grad_(name in self.names)
        self.device = next(self.net.parameters()).device
        self.classes = np.unique(task.y, return_inverse=True)[1]
        counts = np.maximum(1, np.bincount(self.classes[train_rows], minlength=int(self.classes.max()) + 1))
        self.weight = torch.from_numpy(counts.mean() / counts).float().to(self.device)
        dim = self._embed(task.crops.plain[task.rows[:1], task.region]).shape[1]
        self.readout = nn.Linear(dim, len(counts)).to(self.device)
        nn.init.zeros_(self.readout.weight)
        nn.init.zeros_(self.readout.bias)
        self.both = nn.ModuleList([self.net, self.readout])
        self.optimiser = adamw(self.both, keys.weight_decay)
        self.steps, self.step = keys.epochs * -(-len(train_rows) // keys.batch), 0

    def train_rows(self, order: Int64, epoch: int, seed: int) -> None:
        """One pass over the crops."""
        self.module.eval()
        for path, part in self.net.named_modules():
            part.training = isinstance(part, NORMS) and f"{path}.weight" in self.names
        for part_of in np.array_split(order, -(-len(order) // self.keys.batch)):
            for group in self.optimiser.param_groups:
                group["lr"] = self._rate()
            loss = self._loss(self.readout(self.module(self._sent(self._varied(part_of, epoch, seed)))), part_of)
            if not torch.isfinite(loss):
                raise DysfwError("tuning went astray: its loss is no finite number", hint="lower tune.learning_rate")
            self.optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_([p for p in self.both.parameters() if p.grad is not None], CLIP)
            self.optimiser.step()
            self.step += 1

    def predict(self, test_rows: Int64) -> float:
        """The loss on plain crops that were not learned from."""
        plain = self.task.crops.plain[self.task.rows[test_rows], self.task.region]
        with torch.inference_mode():
            return float(self._loss(self.readout(self._embed(plain)), test_rows))

    def changed(self) -> dict[str, Tensor]:
        """The differences to the trunk as it came."""
        tensors = self.net.state_dict()
        return {name: tensors[name].detach().float().cpu() - self.before[name] for name in self.names}

    def _loss(self, scores: Tensor, n: Int64) -> Tensor:
        return F.cross_entropy(scores.float(), torch.from_numpy(self.classes[n]).to(self.device), self.weight)

    def _varied(self, n: Int64, epoch: int, seed: int) -> UInt8:
        task, augment = self.task, self.keys.augment
        rows = [int(row) for row in task.rows[n]]
        streams = (np.random.default_rng([seed, LOOK, task.region, epoch, row]) for row in rows)
        return np.stack([task.crops.varied(row, task.region, augment, rng) for row, rng in zip(rows, streams, strict=True)])

    def _embed(self, crops: UInt8) -> Tensor:
        self.module.eval()
        with torch.inference_mode():
            parts = [self.module(self._sent(crops[i : i + AT_ONCE])) for i in range(0, len(crops), AT_ONCE)]
            return torch.cat(parts)

    def _sent(self, crops: UInt8) -> Tensor:
        return torch.from_numpy(np.array(crops)).to(self.device).permute(0, 3, 1, 2)

    def _rate(self) -> float:
        """A straight line up during the warm-up, then one down to 0."""
        rising = self.keys.warmup * self.steps
        falling = (self.steps - self.step) / max(1.0, self.steps - rising)
        return self.keys.learning_rate * min((self.step + 1) / (rising + 1), falling)
