"""Shrunk covariances within classes, from one matrix product for any number of classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...types import Int64

Float64 = npt.NDArray[np.float64]
CONSTANT = 1e-24  # variance up to which a coordinate of standardised embeddings is constant except for rounding errors


def shrunk_covariance(centred: Float64) -> Float64:
    """Compute the covariance of centred rows, shrunk towards a multiple of the identity.

    The method is that of Ledoit and Wolf (J Multivar Anal 2004;88:365), as in ``sklearn.covariance.ledoit_wolf``, which
    computes two more products of this size.

    Args:
        centred: float64 [N, D].

    Returns:
        float64 [D, D].
    """
    number, dim = centred.shape
    covariance: Float64 = centred.T @ centred / number
    shrinkage, mean = _ledoit_wolf(centred, float(np.sum(covariance**2)))
    covariance *= 1 - shrinkage
    covariance[np.diag_indices(dim)] += shrinkage * mean
    return covariance


def common_covariance(points: Float64, y: Int64, shrinkage: float | None) -> Float64:
    """Average the shrunk covariances of the classes, each with the same weight.

    The same as in ``sklearn.discriminant_analysis.LinearDiscriminantAnalysis``: the rows of a class are standardised before the
    shrinkage is estimated, and a class with a single row adds nothing.

    Args:
        points: float64 [N, D].
        y: int64 [N], the classes.
        shrinkage: From 0 to 1; None estimates that of each class (Ledoit and Wolf).

    Returns:
        float64 [D, D].
    """
    rows, diagonal = np.empty_like(points), np.zeros(points.shape[1])
    _, classes = np.unique(y, return_inverse=True)
    number = int(classes.max()) + 1
    for k in range(number):
        members = np.flatnonzero(classes == k)
        centred = points[members] - points[members].mean(axis=0)
        variances = (centred**2).mean(axis=0)
        if shrinkage is None:
            scale = np.sqrt(np.where(variances > CONSTANT, variances, 1.0))
            standardised = centred / scale
            share, mean = _ledoit_wolf(standardised, _squared_norm(standardised))
            diagonal += share * mean * scale**2 / number
        else:
            share = shrinkage
            diagonal += share * variances.mean() / number
        rows[members] = centred * np.sqrt((1 - share) / len(members) / number)
    covariance: Float64 = rows.T @ rows
    covariance[np.diag_indices(len(diagonal))] += diagonal
    return covariance


def _squared_norm(centred: Float64) -> float:
    """Sum of the squared elements of the covariance, from the smaller of the two products of the rows."""
    number, dim = centred.shape
    product = centred @ centred.T if number < dim else centred.T @ centred
    norm: float = float(np.sum(product**2)) / number**2
    return norm


def _ledoit_wolf(centred: Float64, squared_norm: float) -> tuple[float, float]:
    """Estimate the shrinkage of a covariance.

    Args:
        centred: float64 [N, D], centred rows.
        squared_norm: Sum of the squared elements of their covariance.

    Returns:
        The shrinkage, 0 to 1, and the mean variance.
    """
    number, dim = centred.shape
    squares = np.einsum("nd,nd->n", centred, centred)
    mean = float(squares.sum()) / number / dim
    error = (float((squares**2).sum()) / number - squared_norm) / (number * dim)
    distance = squared_norm / dim - mean**2
    error = min(error, distance)
    return (error / distance if error > 0 else 0.0), mean
