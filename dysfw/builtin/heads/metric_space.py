"""The space in which gallery heads compare embeddings by cosine similarity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ...contracts.components import Layer
from ...contracts.layers import Affine, L2Normalize, Standardize, apply_layers
from ...stats.one_hot import one_hot
from ...types import Float32, Int64
from .covariance import shrunk_covariance

Float64 = npt.NDArray[np.float64]
Metric = Literal["within", "standard", "plain"]
TINY = 1e-9  # smallest variance, relative to the largest


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """A linear map, of which the inverse of the root of a covariance is kept undone: solving takes a quarter of the time.

    Attributes:
        root: float64 [D, D], lower triangular.
        basis: float64 [D, dim], orthonormal rows that span the training embeddings; None for all dimensions.
    """

    root: Float64
    basis: Float64 | None

    @classmethod
    def within_classes(cls, standardized: Float64, y: Int64) -> Whitening | None:
        """Map that whitens differences within classes.

        Args:
            standardized: float64 [N, dim], embeddings with mean 0.
            y: int64 [N], the classes.

        Returns:
            The map; None if no class has two cases.
        """
        repeated = np.bincount(y)[y] > 1
        if not repeated.any():
            return None
        # Any basis and any root give the same cosines. These take a fraction of the time of principal axes.
        points, basis = _span(standardized)
        labels = y[repeated]
        means = class_sums(points[repeated], labels, int(labels.max()) + 1)
        means /= np.maximum(np.bincount(labels), 1)[:, None]
        covariance = shrunk_covariance(points[repeated] - means[labels])
        try:
            root = np.linalg.cholesky(covariance).astype(np.float64, copy=False)
            if np.diag(root).min() ** 2 > TINY * np.diag(covariance).max():
                return cls(root, basis)
        except np.linalg.LinAlgError:
            pass  # singular, because nothing was shrunk
        values, vectors = np.linalg.eigh(covariance)
        values = np.maximum(values, TINY * values.max()) if values.max() > 0 else np.ones_like(values)
        # The covariance is V diag(values) Vᵀ; in the axes V its root is diagonal.
        return cls(np.diag(np.sqrt(values)), vectors.T if basis is None else vectors.T @ basis)

    def __call__(self, points: Float64) -> Float64:
        """Whiten standardised embeddings, float64 [N, dim]; returns float64 [N, D]."""
        from scipy.linalg import solve_triangular

        inside = points if self.basis is None else points @ self.basis.T
        whitened: Float64 = solve_triangular(self.root, inside.T, lower=True, check_finite=False).T
        return whitened

    def matrix(self) -> Float64:
        """Return the map as a matrix, float64 [D, dim]."""
        from scipy.linalg import solve_triangular

        basis = np.eye(len(self.root)) if self.basis is None else self.basis
        return np.asarray(solve_triangular(self.root, basis, lower=True, overwrite_b=self.basis is None, check_finite=False))


@dataclass(frozen=True, slots=True, eq=False)
class MetricSpace:
    """A standardisation and an optional whitening, followed by L2 normalisation.

    Attributes:
        mean: float64 [dim].
        std: float64 [dim].
        whitening: What whitens standardised embeddings, or None.
    """

    mean: Float64
    std: Float64
    whitening: Whitening | None = None

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
        weights /= weights.sum()
        mean = weights @ x
        standardized = x - mean
        std = np.sqrt(np.einsum("n,nd,nd->d", weights, standardized, standardized))
        std[std < 1e-12] = 1.0
        standardized /= std
        return cls(mean, std, Whitening.within_classes(standardized, y) if metric == "within" else None)

    def unit_vectors(self, x: Float32) -> Float64:
        """Map embeddings into the space.

        Args:
            x: float32 [N, dim].

        Returns:
            float64 [N, D] of length 1; a row of zeros stays zero.
        """
        points = apply_layers((Standardize(self.mean, self.std),), x).astype(np.float64, copy=False)
        whitened = points if self.whitening is None else self.whitening(points)
        return np.asarray(apply_layers((L2Normalize(),), whitened), np.float64)

    def layers(self) -> tuple[Layer, ...]:
        """Return the layers that compute ``unit_vectors``."""
        whitening = () if self.whitening is None else (Affine(self.whitening.matrix()),)
        return Standardize(self.mean, self.std), *whitening, L2Normalize()


def class_sums(rows: Float64, y: Int64, classes: int) -> Float64:
    """Sum the rows of each class.

    Args:
        rows: float64 [N, D].
        y: int64 [N], the classes.
        classes: Number of classes, K.

    Returns:
        float64 [K, D].
    """
    return np.asarray(one_hot(y, classes) @ rows)


def _span(standardized: Float64) -> tuple[Float64, Float64 | None]:
    """Express rows [N, dim] in an orthonormal basis [D, dim] of their span; None if they have the dimensions to fill."""
    n, dim = standardized.shape
    if n >= dim:
        return standardized, None
    basis, coordinates = np.linalg.qr(standardized.T)
    return coordinates.T, basis.T
