"""Where the likeness of two embeddings is measured: how they are brought to a scale before their cosine is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ...contracts.components import Layer
from ...contracts.layers import Affine, L2Normalize, Standardize, apply_layers
from ...types import Float32, Int64
from .linear import in_own_span

Float64 = npt.NDArray[np.float64]
Metric = Literal["within", "standard", "plain"]


@dataclass(frozen=True, slots=True, eq=False)
class MetricSpace:
    """middle, spread: float64 [dim], taken away from each number and divided by. whitening: float64 [dim, D], or None."""

    mean: Float64
    std: Float64
    whitening: Float64 | None = None

    @classmethod
    def of(cls, x: Float32, y: Int64, metric: Metric) -> MetricSpace:
        """By known cases x [M, dim] of conditions y int [M], each condition weighing the same.

        "plain": embeddings as they are. "standard": each number with mean 0 and deviation 1. "within": besides, what differs
        between people of one condition counts less (within-class covariance normalisation: Hatch, Kajarekar and Stolcke,
        Interspeech 2006; the covariance shrunk as by Ledoit and Wolf, J Multivar Anal 2004;88:365).
        """
        if metric == "plain":
            return cls(np.zeros(x.shape[1]), np.ones(x.shape[1]))
        weights = 1 / np.bincount(y)[y]
        mean = np.average(x, axis=0, weights=weights)
        std = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weights))
        std[std < 1e-12] = 1.0
        return cls(mean, std, _within((x - mean) / std, y) if metric == "within" else None)

    def units(self, x: Float32) -> Float64:
        """float64 [N, D] of length 1; a row of zeros stays one."""
        return apply_layers(self.layers(), x)

    def layers(self) -> tuple[Layer, ...]:
        """What ``units`` is computed by."""
        whitening = () if self.whitening is None else (Affine(self.whitening.T),)
        return Standardize(self.mean, self.std), *whitening, L2Normalize()


def _within(standard: Float64, y: Int64) -> Float64 | None:
    """Brings differences inside conditions to a covariance of 1. None where no condition has two cases."""
    from sklearn.covariance import ledoit_wolf

    several = np.bincount(y)[y] > 1
    if not several.any():
        return None
    points, basis = in_own_span(standard)
    own = y[several]
    sums = np.zeros((int(own.max()) + 1, points.shape[1]))
    np.add.at(sums, own, points[several])
    means = sums / np.maximum(np.bincount(own), 1)[:, None]
    covariance, _ = ledoit_wolf(points[several] - means[own], assume_centered=True)
    values, vectors = np.linalg.eigh(covariance)
    values = np.maximum(values, 1e-9 * values.max()) if values.max() > 0 else np.ones_like(values)
    whitening: Float64 = basis.T @ (vectors / np.sqrt(values))
    return whitening
