"""Elementary layers, by which a head can be written down; see ``dysfw.contracts.components.Layered``.

Each takes numbers [N, D] and gives numbers [N, E]. They are computed in float32 until a layer's own arrays are float64, and
from there on in float64.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..types import Float32, Int64
from .components import Floats, Layer

SHORTEST = 1e-12  # below this a row has no direction


@dataclass(frozen=True, slots=True, eq=False)
class Standardize(Layer):
    """(x - middle) / spread. Arrays [D], or one number for all; 0 is in no spread."""

    mean: Floats | float
    std: Floats | float

    def __call__(self, x: Floats) -> Floats:
        standard: Floats = (x - self.mean) / self.std
        return standard


@dataclass(frozen=True, slots=True, eq=False)
class Affine(Layer):
    """x weightᵀ + bias. weight: [E, D]. bias: [E], or None."""

    weight: Floats
    bias: Floats | None = None

    def __call__(self, x: Floats) -> Floats:
        mapped: Floats = x @ self.weight.T
        return mapped if self.bias is None else mapped + self.bias


@dataclass(frozen=True, slots=True, eq=False)
class ReLU(Layer):
    """What is below 0 becomes 0."""

    def __call__(self, x: Floats) -> Floats:
        return np.maximum(x, 0)


@dataclass(frozen=True, slots=True, eq=False)
class L2Normalize(Layer):
    """Each row divided by its Euclidean length, or by ``SHORTEST`` where that is more."""

    def __call__(self, x: Floats) -> Floats:
        unit: Floats = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), SHORTEST)
        return unit


@dataclass(frozen=True, slots=True, eq=False)
class Pool(Layer):
    """One number for each of ``count`` groups: the sum of its columns, or the largest of them. groups: int64 [D], the group of
    each column, 0..count-1. empty: for a group without a column."""

    groups: Int64
    count: int
    by: Literal["sum", "largest"]
    empty: float

    def __call__(self, x: Floats) -> Floats:
        pooled = np.full((len(x), self.count), self.empty, x.dtype)
        for k in np.unique(self.groups):
            members = x[:, self.groups == k]
            pooled[:, k] = members.sum(axis=1) if self.by == "sum" else members.max(axis=1)
        return pooled


@dataclass(frozen=True, slots=True, eq=False)
class NeighborVote(Layer):
    """The ``k`` largest numbers of a row, or all where there are fewer, vote for the groups of their columns; of equal ones
    those further left. groups: int64 [D], 0..count-1. weights: float64 [D], the vote of each column."""

    k: int
    groups: Int64
    weights: Floats
    count: int

    def __call__(self, x: Floats) -> Floats:
        first = np.argsort(-x, axis=1, kind="stable")[:, : self.k]
        votes = np.zeros((len(x), self.count))
        np.add.at(votes, (np.arange(len(x))[:, None], self.groups[first]), self.weights[first])
        return votes


@dataclass(frozen=True, slots=True, eq=False)
class NormalizeSum(Layer):
    """Each row, of numbers that are 0 or more and not all 0, divided by its sum."""

    def __call__(self, x: Floats) -> Floats:
        shares: Floats = x / x.sum(axis=1, keepdims=True)
        return shares


@dataclass(frozen=True, slots=True, eq=False)
class Logarithm(Layer):
    """log(x + floor)"""

    floor: float

    def __call__(self, x: Floats) -> Floats:
        logarithms: Floats = np.log(x + self.floor)
        return logarithms


@dataclass(frozen=True, slots=True, eq=False)
class Softmax(Layer):
    """exp(x) divided by its sum over the row; float32."""

    def __call__(self, x: Floats) -> Float32:
        return softmax(x)


@dataclass(frozen=True, slots=True, eq=False)
class TwoStage(Layer):
    """Two rows of layers on the same numbers: ``gate`` ends in two probabilities, affected and unaffected, and ``which`` in
    those of C conditions among the affected -> float32 [N, C+1], in which the unaffected stand at ``index``. See ``gated``."""

    affected: tuple[Layer, ...]
    condition: tuple[Layer, ...]
    index: int

    def __call__(self, x: Floats) -> Float32:
        return two_stage(apply_layers(self.affected, x), apply_layers(self.condition, x), self.index)


def apply_layers(layers: Iterable[Layer], x: Floats) -> Floats:
    """x [N, D] through one layer after another."""
    for layer in layers:
        x = layer(x)
    return x


def softmax(logits: Floats) -> Float32:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), np.float32)


def two_stage(gate: Floats, conditions: Floats, index: int) -> Float32:
    """gate [N, 2], probabilities of affected and unaffected where both weigh the same; conditions [N, C], probabilities among
    the affected -> float32 [N, C+1], the unaffected at ``index`` and as common as any one condition; computed in float64."""
    affected, unaffected = gate.astype(np.float64).T
    shares = conditions.astype(np.float64) * (affected * conditions.shape[1])[:, None]
    parts = np.insert(shares, index, unaffected, axis=1)
    return np.asarray(parts / parts.sum(axis=1, keepdims=True), np.float32)
