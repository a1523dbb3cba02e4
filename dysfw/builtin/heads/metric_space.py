"""The space in which gallery heads compare embeddings by cosine similarity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ...contracts.components import Layer
from ...contracts.layers import Affine, L2Normalize, Standardize, apply_layers
from ...types import Float32, Int64
from .covariance import shrunk_covariance
from .linear import project_to_span

Float64 = npt.NDArray[np.float64]
Metric = Literal["within", "standard", "plain"]
TINY = 1e-9  # smallest variance, relative to the largest


@dataclass(frozen=True, slots=True, eq=False)
class MetricSpace:
    """A standardisation and an optional whitening, followed by L2 normalisation.

    Attributes:
        mean: float64 [dim].
        std: float64 [dim].
        whitening: float64 [dim, D], or None.
    """

    mean: Float64
    std: Float64
    whitening: Float64 | None = None

    @classmethod
    def of(cls, x: Float32, y: Int64, metric: Metric) -> MetricSpace:
        """Fit the space to gallery cases; every condition counts equally.

        Args:
            x: float32 [M, dim], the embeddings.
            y: int64 [M], the conditions.
            metric: "plain" uses embeddings as they are. "standard" standardises each dimension. "within" also whitens the
                within-class covariance (Hatch, Kajarekar and Stolcke, Interspeech 2006), shrunk as in Ledoit and Wolf (J
                Multivar Anal 2004;88:365), so that differences between people with the same condition count less.
        """
        if metric == "plain":
            return cls(np.zeros(x.shape[1]), np.ones(x.shape[1]))
        weights = 1 / np.bincount(y)[y]
        mean = np.average(x, axis=0, weights=weights).astype(np.float64, copy=False)
        std = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weights))
        std[std < 1e-12] = 1.0
        return cls(mean, std, _within_class_whitening((x - mean) / std, y) if metric == "within" else None)

    def unit_vectors(self, x: Float32) -> Float64:
        """Map embeddings into the space.

        Args:
            x: float32 [N, dim].

        Returns:
            float64 [N, D] of length 1; a row of zeros stays zero.
        """
        return apply_layers(self.layers(), x).astype(np.float64, copy=False)

    def layers(self) -> tuple[Layer, ...]:
        """Return the layers that compute ``unit_vectors``."""
        whitening = () if self.whitening is None else (Affine(self.whitening.T),)
        return Standardize(self.mean, self.std), *whitening, L2Normalize()


def _within_class_whitening(standardized: Float64, y: Int64) -> Float64 | None:
    """Map that whitens differences within classes; None if no class has two cases."""
    from scipy.linalg import solve_triangular

    repeated = np.bincount(y)[y] > 1
    if not repeated.any():
        return None
    points, basis = project_to_span(standardized)
    labels = y[repeated]
    sums = np.zeros((int(labels.max()) + 1, points.shape[1]))
    np.add.at(sums, labels, points[repeated])
    means = sums / np.maximum(np.bincount(labels), 1)[:, None]
    covariance = shrunk_covariance(points[repeated] - means[labels])
    try:
        # Any root of the covariance gives the same cosines. This one takes a fraction of the time of an eigendecomposition.
        root = np.linalg.cholesky(covariance)
        if np.diag(root).min() ** 2 > TINY * np.diag(covariance).max():
            return np.asarray(solve_triangular(root, basis, lower=True).T)
    except np.linalg.LinAlgError:
        pass  # singular, because nothing was shrunk
    values, vectors = np.linalg.eigh(covariance)
    values = np.maximum(values, TINY * values.max()) if values.max() > 0 else np.ones_like(values)
    whitening: Float64 = basis.T @ (vectors / np.sqrt(values))
    return whitening
