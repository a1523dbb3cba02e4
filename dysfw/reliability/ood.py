"""Out-of-distribution detection: how far an embedding lies from the training embeddings.

The embeddings of each region are modelled by a normal distribution with a few principal axes and equal variance in all other
directions: probabilistic principal component analysis (Tipping and Bishop, J R Stat Soc B 61:611, 1999). Its Mahalanobis
distance responds to unusual combinations of what varies in the training data and to anything that never varied there.

On phantoms it detected images of real people as well as distances to class means did (Lee et al., A simple unified framework
for detecting out-of-distribution samples, NeurIPS 2018) or distances to nearest neighbors (Sun et al., ICML 2022). Unlike the
latter, it does not store the embeddings of individual patients in a bundle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..stats.quantile import patient_shares
from ..types import Bool, Float32, Int64

Float64 = npt.NDArray[np.float64]

AXES = 8  # more axes hardly improved the detection of images of real people, and enlarge every bundle
TINY = 1e-12
LARGE = 1000  # images and dimensions above which axes are found iteratively: an eigendecomposition grows with the cube


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingDistribution:
    """Normal distribution of the training embeddings of each region.

    Attributes:
        mean: float32 [R, D].
        axes: float32 [R, M, D], orthonormal principal axes.
        variances: float32 [R, M], variances along these axes.
        residual_variance: float32 [R], variance in every other direction.
    """

    mean: Float32
    axes: Float32
    variances: Float32
    residual_variance: Float32

    def __post_init__(self) -> None:
        """Check that the arrays fit together and describe a distribution."""
        regions, axes, dim = self.axes.shape if self.axes.ndim == 3 else (0, 0, 0)
        shapes = self.mean.shape, self.variances.shape, self.residual_variance.shape
        if not regions or shapes != ((regions, dim), (regions, axes), (regions,)):
            raise ValueError(f"mean, variances and residual variance of shapes {shapes} do not fit axes {self.axes.shape}")
        arrays = (self.mean, self.axes, self.variances, self.residual_variance)
        finite = all(bool(np.isfinite(array).all()) for array in arrays)
        if not finite or (self.variances <= 0).any() or (self.residual_variance <= 0).any():
            raise ValueError("variances must be finite and above 0")

    def distances(self, embeddings: Float32, present: Bool) -> Float32:
        """Compute Mahalanobis distances.

        Args:
            embeddings: float32 [N, R, D].
            present: bool [N, R].

        Returns:
            float32 [N, R]; NaN for absent regions.
        """
        result = np.full(present.shape, np.nan, np.float32)
        for r in range(present.shape[1]):
            centred = (embeddings[present[:, r], r] - self.mean[r]).astype(np.float64)
            squares = (centred @ self.axes[r].T) ** 2
            residual = np.maximum((centred**2).sum(axis=1) - squares.sum(axis=1), 0)
            squared = (squares / self.variances[r]).sum(axis=1) + residual / self.residual_variance[r]
            result[present[:, r], r] = np.sqrt(squared)
        return result


def fit_embedding_distribution(embeddings: Float32, present: Bool, groups: Int64) -> EmbeddingDistribution:
    """Fit the distribution; all patients count equally.

    Args:
        embeddings: float32 [N, R, D].
        present: bool [N, R].
        groups: int64 [N], the patients.

    Returns:
        The distribution.
    """
    regions = [_fit(embeddings[rows, r], groups[rows]) for r, rows in enumerate(present.T)]
    most = max(len(variances) for _, _, variances, _ in regions)
    # A region that is present in very few images has fewer axes; an axis of zeros adds nothing to a distance.
    return EmbeddingDistribution(
        mean=np.array([mean for mean, _, _, _ in regions], np.float32),
        axes=np.array([np.pad(axes, ((0, most - len(axes)), (0, 0))) for _, axes, _, _ in regions], np.float32),
        variances=np.array([np.pad(v, (0, most - len(v)), constant_values=1) for _, _, v, _ in regions], np.float32),
        residual_variance=np.array([residual for _, _, _, residual in regions], np.float32),
    )


def _fit(x: Float32, groups: Int64) -> tuple[Float64, Float64, Float64, float]:
    """Mean [D], axes [M, D], their variances [M] and the residual variance of rows [N, D]."""
    number, dim = x.shape
    if not number:
        return np.zeros(dim), np.zeros((0, dim)), np.zeros(0), 1.0
    shares = patient_shares(np.zeros_like(groups), groups)
    shares /= shares.sum()
    if min(number, dim) > LARGE:  # in single precision: more digits would only cost memory
        shares = shares.astype(np.float32)
    mean = shares @ x
    rows = x - mean
    rows *= np.sqrt(shares)[:, None]
    total = float(np.einsum("nd,nd->n", rows, rows).sum(dtype=np.float64))
    max_axes = max(0, min(AXES, dim - 1, number // 2 - 1))
    axes, variances = _principal_axes(rows, max_axes)
    positive = variances > max(total, TINY) * 1e-9
    axes, variances = axes[positive], variances[positive]
    # The variance that the axes do not explain, divided among all other directions.
    residual = max(total - float(variances.sum()), total * 1e-6, TINY) / (dim - len(variances))
    return mean, axes, variances, residual


def _principal_axes(rows: Float64, count: int) -> tuple[Float64, Float64]:
    """Principal axes [count, D] of centred rows [N, D] and the sums of squares [count] along them.

    Decomposes the smaller of the two products of ``rows`` with its transpose. If this is large, the few axes are found by
    subspace iteration instead (Halko, Martinsson & Tropp, SIAM Rev 2011;53:217).
    """
    number, dim = rows.shape
    if not count:
        return np.zeros((0, dim)), np.zeros(0)
    from scipy.linalg import eigh  # takes as long to import as numpy; predictions do not need it

    size = min(number, dim)
    if size > LARGE:
        from sklearn.utils.extmath import randomized_svd

        _, values, axes = randomized_svd(rows, count, n_oversamples=24, n_iter=6, random_state=0)
        return np.asarray(axes[::-1], np.float64), np.asarray(values[::-1], np.float64) ** 2
    product = rows @ rows.T if number <= dim else rows.T @ rows
    squares, vectors = eigh(product, subset_by_index=(size - count, size - 1))
    if number > dim:
        return vectors.T, squares
    return vectors.T @ rows / np.sqrt(np.maximum(squares, TINY))[:, None], squares


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """Typical distances of out-of-fold images.

    Attributes:
        mean: float64 [R], mean of the logarithms of the distances.
        std: float64 [R], standard deviation of these logarithms.
    """

    mean: Float64
    std: Float64

    def ood_score(self, distances: Float32) -> Float64:
        """Compute the out-of-distribution score.

        Args:
            distances: float32 [N, R]; NaN for absent regions.

        Returns:
            float64 [N], the mean z-score of the log distance over the regions present; around 0 for faces like those in the
            training data, higher for others.
        """
        standardized = (_logarithms(distances) - self.mean) / self.std
        scores: Float64 = np.nanmean(standardized, axis=1)
        return scores


def scale_of(distances: Float32) -> Scale:
    """Measure the typical distances.

    Args:
        distances: float32 [N, R], each from a distribution fitted without the patient; NaN for absent regions.

    Returns:
        Their scale.
    """
    logarithms = _logarithms(distances)
    present = np.isfinite(logarithms)
    number = np.maximum(present.sum(axis=0), 1)
    mean = np.where(present, logarithms, 0).sum(axis=0) / number
    std = np.sqrt(np.where(present, (logarithms - mean) ** 2, 0).sum(axis=0) / number)
    return Scale(mean, np.maximum(std, 1e-3))


def _logarithms(distances: Float32) -> Float64:
    logarithms: Float64 = np.log(np.maximum(distances.astype(np.float64), 1e-6))
    return logarithms
