"""How unlike the faces of the training an embedding is.

Each region's embeddings are described by a normal distribution with a few principal axes and the same variance in all other
directions: probabilistic principal components (Tipping and Bishop, J R Stat Soc B 61:611, 1999). The Mahalanobis distance under
it sees both an unusual mixture of what varies in training and anything that never varied there. On phantoms it told a
photograph of a person as well as distances to class means (Lee et al., A simple unified framework for detecting
out-of-distribution samples, NeurIPS 2018) and to nearest neighbours (Sun et al., ICML 2022), and it is preferred to the last
because a bundle then holds nobody's embedding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh

from ..stats.quantile import patient_shares
from ..types import Bool, Float32, Int64

Float64 = npt.NDArray[np.float64]

AXES = 8  # more told a photograph of a person hardly better, and grow every bundle
TINY = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingDistribution:
    """mean: float32 [R, D]. axes: float32 [R, M, D], orthonormal, M small. variances: float32 [R, M], along them. rest: float32
    [R], the variance in every other direction."""

    mean: Float32
    axes: Float32
    variances: Float32
    rest: Float32

    def __post_init__(self) -> None:
        """Raises ValueError where the arrays do not fit together or describe no distribution."""
        regions, axes, dim = self.axes.shape if self.axes.ndim == 3 else (0, 0, 0)
        shapes = self.mean.shape, self.variances.shape, self.rest.shape
        if not regions or shapes != ((regions, dim), (regions, axes), (regions,)):
            raise ValueError(f"mean, variances and rest of shapes {shapes} do not fit axes {self.axes.shape}")
        finite = all(bool(np.isfinite(part).all()) for part in (self.mean, self.axes, self.variances, self.rest))
        if not finite or (self.variances <= 0).any() or (self.rest <= 0).any():
            raise ValueError("variances must be finite and above 0")

    def distances(self, embeddings: Float32, present: Bool) -> Float32:
        """embeddings [N, R, D], present [N, R] -> float32 [N, R], in standard deviations; NaN where a region is absent."""
        result = np.full(present.shape, np.nan, np.float32)
        for r in range(present.shape[1]):
            off = (embeddings[present[:, r], r] - self.mean[r]).astype(np.float64)
            squares = (off @ self.axes[r].T) ** 2
            beside = np.maximum((off**2).sum(axis=1) - squares.sum(axis=1), 0)
            result[present[:, r], r] = np.sqrt((squares / self.variances[r]).sum(axis=1) + beside / self.rest[r])
        return result


def fit_embedding_distribution(embeddings: Float32, present: Bool, groups: Int64) -> EmbeddingDistribution:
    """embeddings [N, R, D], present [N, R]; groups int [N]: patients, each of whom weighs the same."""
    regions = [_fit(embeddings[here, r], groups[here]) for r, here in enumerate(present.T)]
    most = max(len(variances) for _, _, variances, _ in regions)
    # A region seen on very few photographs has fewer axes than the others; an empty axis adds nothing to a distance.
    return EmbeddingDistribution(
        mean=np.array([mean for mean, _, _, _ in regions], np.float32),
        axes=np.array([np.pad(axes, ((0, most - len(axes)), (0, 0))) for _, axes, _, _ in regions], np.float32),
        variances=np.array([np.pad(v, (0, most - len(v)), constant_values=1) for _, _, v, _ in regions], np.float32),
        rest=np.array([rest for _, _, _, rest in regions], np.float32),
    )


def _fit(x: Float32, groups: Int64) -> tuple[Float64, Float64, Float64, float]:
    """Mean [D], axes [M, D], their variances [M] and the variance of the rest, of rows [N, D]."""
    number, dim = x.shape
    if not number:
        return np.zeros(dim), np.zeros((0, dim)), np.zeros(0), 1.0
    shares = patient_shares(np.zeros_like(groups), groups)
    shares /= shares.sum()
    mean = shares @ x
    rows = (x - mean) * np.sqrt(shares)[:, None]
    total, most = float((rows**2).sum()), max(0, min(AXES, dim - 1, number // 2 - 1))
    axes, variances = _principal(rows, most)
    real = variances > max(total, TINY) * 1e-9
    axes, variances = axes[real], variances[real]
    # The share of what these photographs leave over, spread over all directions there are.
    rest = max(total - float(variances.sum()), total * 1e-6, TINY) / (dim - len(variances))
    return mean, axes, variances, rest


def _principal(rows: Float64, most: int) -> tuple[Float64, Float64]:
    """The ``most`` principal axes [M, D] of centred rows [N, D] and the sums of squares [M] along them, by whichever of the two
    products is smaller."""
    number, dim = rows.shape
    if not most:
        return np.zeros((0, dim)), np.zeros(0)
    size = min(number, dim)
    product = rows @ rows.T if number <= dim else rows.T @ rows
    squares, vectors = eigh(product, subset_by_index=(size - most, size - 1))
    if number > dim:
        return vectors.T, squares
    return vectors.T @ rows / np.sqrt(np.maximum(squares, TINY))[:, None], squares


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """What distances of photographs that took no part in the fit are like. centre, spread: float64 [R], of their logarithms."""

    centre: Float64
    spread: Float64

    def ood_score(self, distances: Float32) -> Float64:
        """distances [N, R] -> float64 [N]: the mean over the present regions of how many standard deviations the logarithm of
        the distance lies above the usual; around 0 for faces like those in training."""
        standard = (_logarithm(distances) - self.centre) / self.spread
        unlike: Float64 = np.nanmean(standard, axis=1)
        return unlike


def scale_of(distances: Float32) -> Scale:
    """From distances [N, R] of photographs by distributions fitted without their patients."""
    logarithms = _logarithm(distances)
    seen = np.isfinite(logarithms)
    number = np.maximum(seen.sum(axis=0), 1)
    centre = np.where(seen, logarithms, 0).sum(axis=0) / number
    spread = np.sqrt(np.where(seen, (logarithms - centre) ** 2, 0).sum(axis=0) / number)
    return Scale(centre, np.maximum(spread, 1e-3))


def _logarithm(distances: Float32) -> Float64:
    logarithms: Float64 = np.log(np.maximum(distances.astype(np.float64), 1e-6))
    return logarithms
