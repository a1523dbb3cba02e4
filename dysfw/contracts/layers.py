"""Elementary layers of which heads are composed; see ``dysfw.contracts.components.SupportsLayers``.

Each maps numbers [N, D] to numbers [N, E]. They compute in float32 until a layer's own arrays are float64, and in float64 from
there on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..types import Float32, Int64
from .components import Floats, Layer

MIN_NORM = 1e-12  # a shorter row has no direction


@dataclass(frozen=True, slots=True, eq=False)
class Standardize(Layer):
    """(x - mean) / std.

    Attributes:
        mean: [D], or one number for all columns.
        std: [D], or one number for all columns; not 0.
    """

    mean: Floats | float
    std: Floats | float

    def __call__(self, x: Floats) -> Floats:
        """Apply the layer."""
        standardized: Floats = (x - self.mean) / self.std
        return standardized


@dataclass(frozen=True, slots=True, eq=False)
class Affine(Layer):
    """x weightᵀ + bias.

    Attributes:
        weight: [E, D].
        bias: [E], or None.
    """

    weight: Floats
    bias: Floats | None = None

    def __call__(self, x: Floats) -> Floats:
        """Apply the layer."""
        product: Floats = x @ self.weight.T
        return product if self.bias is None else product + self.bias


@dataclass(frozen=True, slots=True, eq=False)
class ReLU(Layer):
    """max(x, 0)."""

    def __call__(self, x: Floats) -> Floats:
        """Apply the layer."""
        return np.maximum(x, 0)


@dataclass(frozen=True, slots=True, eq=False)
class L2Normalize(Layer):
    """Each row divided by its Euclidean norm, or by ``MIN_NORM`` if that is greater."""

    def __call__(self, x: Floats) -> Floats:
        """Apply the layer."""
        unit: Floats = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), MIN_NORM)
        return unit


@dataclass(frozen=True, slots=True, eq=False)
class Pool(Layer):
    """The sum or maximum of each group of columns.

    Attributes:
        groups: int64 [D], the group of each column, 0..count-1.
        count: Number of groups.
        by: "sum" or "max".
        empty: Value of a group without columns.
    """

    groups: Int64
    count: int
    by: Literal["sum", "max"]
    empty: float

    def __call__(self, x: Floats) -> Floats:
        """Apply the layer."""
        pooled = np.full((len(x), self.count), self.empty, x.dtype)
        for k in np.unique(self.groups):
            members = x[:, self.groups == k]
            pooled[:, k] = members.sum(axis=1) if self.by == "sum" else members.max(axis=1)
        return pooled


@dataclass(frozen=True, slots=True, eq=False)
class NeighborVote(Layer):
    """The summed weights of the ``k`` nearest neighbors in each group: of the columns with the largest numbers.

    Ties go to the columns further left.

    Attributes:
        k: Number of neighbors; all columns if there are fewer.
        groups: int64 [D], the group of each column, 0..count-1.
        weights: float64 [D], the weight of each column.
        count: Number of groups.
    """

    k: int
    groups: Int64
    weights: Floats
    count: int

    def __call__(self, x: Floats) -> Floats:
        """Apply the layer."""
        nearest = np.argsort(-x, axis=1, kind="stable")[:, : self.k]
        sums = np.zeros((len(x), self.count))
        np.add.at(sums, (np.arange(len(x))[:, None], self.groups[nearest]), self.weights[nearest])
        return sums


@dataclass(frozen=True, slots=True, eq=False)
class NormalizeSum(Layer):
    """Each row divided by its sum. Its numbers must be at least 0, and not all 0."""

    def __call__(self, x: Floats) -> Floats:
        """Apply the layer."""
        shares: Floats = x / x.sum(axis=1, keepdims=True)
        return shares


@dataclass(frozen=True, slots=True, eq=False)
class Logarithm(Layer):
    """log(x + floor).

    Attributes:
        floor: What is added, so that log(0) is finite.
    """

    floor: float

    def __call__(self, x: Floats) -> Floats:
        """Apply the layer."""
        logarithms: Floats = np.log(x + self.floor)
        return logarithms


@dataclass(frozen=True, slots=True, eq=False)
class Softmax(Layer):
    """Softmax of each row, float32."""

    def __call__(self, x: Floats) -> Float32:
        """Apply the layer."""
        return softmax(x)


@dataclass(frozen=True, slots=True, eq=False)
class TwoStage(Layer):
    """Two sequences of layers on the same numbers, combined into float32 [N, C+1]; see ``two_stage``.

    Attributes:
        affected: Layers that end in the probabilities of affected and unaffected.
        condition: Layers that end in the probabilities of C conditions among the affected.
        index: Column of the unaffected in the result.
    """

    affected: tuple[Layer, ...]
    condition: tuple[Layer, ...]
    index: int

    def __call__(self, x: Floats) -> Float32:
        """Apply the layer."""
        return two_stage(apply_layers(self.affected, x), apply_layers(self.condition, x), self.index)


def apply_layers(layers: Iterable[Layer], x: Floats) -> Floats:
    """Apply one layer after another.

    Args:
        layers: The layers.
        x: float [N, D].

    Returns:
        float [N, E].
    """
    for layer in layers:
        x = layer(x)
    return x


def softmax(logits: Floats) -> Float32:
    """Compute the softmax of each row.

    Args:
        logits: float [N, K].

    Returns:
        float32 [N, K].
    """
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), np.float32)


def two_stage(affected: Floats, conditions: Floats, index: int) -> Float32:
    """Combine the probability of being affected with those of the conditions, in float64.

    In the result the unaffected are as common as any one condition.

    Args:
        affected: [N, 2], probabilities of affected and unaffected, under equal prior probabilities.
        conditions: [N, C], probabilities of the conditions among the affected.
        index: Column of the unaffected in the result.

    Returns:
        float32 [N, C+1]; each row sums to 1.
    """
    p_affected, p_unaffected = affected.astype(np.float64).T
    p_conditions = conditions.astype(np.float64) * (p_affected * conditions.shape[1])[:, None]
    joint = np.insert(p_conditions, index, p_unaffected, axis=1)
    return np.asarray(joint / joint.sum(axis=1, keepdims=True), np.float32)
