"""Coordinates in the span of few images with many numbers, which heads are fitted in."""

import numpy as np
import pytest

from dysfw.builtin.heads.covariance import shrunk_covariance
from dysfw.builtin.heads.lda import Lda
from dysfw.builtin.heads.linear import LARGE, project_to_span
from dysfw.builtin.heads.metric_space import MetricSpace, Whitening


@pytest.mark.parametrize("rows", [50, LARGE + 20])
def test_the_span_is_exact_and_its_axes_are_uncorrelated(rows) -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(rows, rows + 100)) / np.sqrt(1 + np.arange(rows + 100))
    points -= points.mean(axis=0)  # so one direction has no variance
    coordinates, basis = project_to_span(points)
    np.testing.assert_allclose(coordinates @ basis, points, atol=1e-9)
    products = basis @ basis.T
    used = np.linalg.norm(coordinates, axis=0) > 1e-6 * np.linalg.norm(coordinates[:, 0])
    assert used.sum() == rows - 1
    np.testing.assert_allclose(products[np.ix_(used, used)], np.eye(rows - 1), atol=1e-6)
    covariance = coordinates.T @ coordinates
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-9 * covariance.max())
    assert (np.diff(np.diag(covariance)) <= 1e-9 * covariance.max()).all()  # largest first, as the components of a PCA


def test_rows_that_fill_all_dimensions_stay_as_they_are() -> None:
    points = np.random.default_rng(0).normal(size=(30, 20))
    coordinates, basis = project_to_span(points)
    assert coordinates is points
    assert basis is None


@pytest.mark.parametrize("dim", [20, 120], ids=["N>dim", "N<dim"])
def test_whitening_divides_by_the_shrunk_covariance_within_classes(dim) -> None:
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(10), 6)
    points = rng.normal(size=(10, dim))[y] + rng.normal(size=(60, dim)) / np.sqrt(1 + np.arange(dim))
    points -= points.mean(axis=0)
    inside, _ = project_to_span(points)
    covariance = shrunk_covariance(inside - (np.eye(10)[y] @ np.eye(10)[y].T / 6) @ inside)
    whitening = Whitening.within_classes(points, y)
    assert whitening is not None
    whitened = whitening(points)
    np.testing.assert_allclose(whitened @ whitened.T, inside @ np.linalg.solve(covariance, inside.T), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(whitened, points @ whitening.matrix().T, atol=1e-8)


def test_without_differences_within_classes_whitening_keeps_cosines() -> None:
    y = np.repeat(np.arange(5), 3)
    points = np.random.default_rng(0).integers(-9, 9, (5, 5))[y] / 4  # so that means are exact
    whitening = Whitening.within_classes(points, y)
    assert whitening is not None
    whitened, units = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (whitening(points), points))
    np.testing.assert_allclose(whitened @ whitened.T, units @ units.T, atol=1e-9)  # only cosines count


def test_the_space_of_many_images_equals_that_of_a_matrix_product() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(80) % 8
    x = (rng.normal(size=(8, 40))[y] + rng.normal(size=(80, 40))).astype(np.float32)
    space = MetricSpace.of(x, y, "within")
    assert space.whitening is not None
    products = (x - space.mean) / space.std @ space.whitening.matrix().T
    np.testing.assert_allclose(space.unit_vectors(x), products / np.linalg.norm(products, axis=1, keepdims=True), atol=1e-12)


@pytest.mark.parametrize("rows", [300, LARGE + 20])
def test_rounding_errors_of_embeddings_of_low_rank_do_not_count(rows) -> None:
    """A backbone that ends in a linear layer has embeddings in a subspace; float32 adds noise in all other directions."""
    rng = np.random.default_rng(0)
    rank, dim, y = 60, rows + 100, np.arange(2 * rows) % 12
    inside = 0.5 * rng.normal(size=(12, rank))[y] + rng.normal(size=(2 * rows, rank))
    x = (inside @ rng.normal(size=(rank, dim))).astype(np.float32)
    head, in_subspace = Lda(), Lda()
    head.fit(x[:rows], y[:rows], 12, np.arange(rows))
    in_subspace.fit(inside[:rows].astype(np.float32), y[:rows], 12, np.arange(rows))
    accuracy, possible = (
        (one.predict(test.astype(np.float32)).argmax(axis=1) == y[rows:]).mean()
        for one, test in ((head, x[rows:]), (in_subspace, inside[rows:]))
    )
    assert accuracy > possible - 0.05 > 0.7
