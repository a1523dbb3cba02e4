"""The solver of the head ``softmax`` against scikit-learn's solvers at tight tolerances."""

import warnings

import numpy as np
import pytest
from scipy.special import logsumexp, softmax
from sklearn.linear_model import LogisticRegression as Reference

from dysfw.builtin.heads.logistic_regression import LARGE, LogisticRegression, to_principal_axes

WITHIN = 1e-6  # of the minimal loss


def data(n: int, dim: int, classes: int, distance: float, seed: int = 0):
    """Standardised, correlated features; the first classes are rarer than the last."""
    rng = np.random.default_rng(seed)
    y = np.minimum(rng.integers(0, 2 * classes, n), classes - 1)
    y[: 2 * classes] = np.repeat(np.arange(classes), 2)
    points = rng.normal(size=(n, dim)) / np.sqrt(1 + np.arange(dim)) + distance * rng.normal(size=(classes, dim))[y]
    points = points @ np.linalg.qr(rng.normal(size=(dim, dim)))[0]
    return (points - points.mean(axis=0)) / points.std(axis=0), y


def loss(coef, intercept, points, y, C: float) -> float:
    """The objective of scikit-learn, divided by the number of images."""
    if len(intercept) == 1:
        logits = np.hstack([np.zeros((len(y), 1)), points @ coef.T + intercept])
        squares = np.square(coef).sum()
    else:
        logits = points @ coef.T + intercept
        squares = np.square(coef).sum() * (2 if len(intercept) == 2 else 1)
    weights = 1 / (len(np.unique(y)) * np.bincount(y)[y])
    return weights @ (logsumexp(logits, axis=1) - logits[np.arange(len(y)), y]) + squares / (2 * C * len(y))


def reference_loss(points, y, C: float) -> float:
    """The lowest loss that scikit-learn's solvers reach."""
    losses = []
    for solver in ("newton-cholesky", "lbfgs"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # at this tolerance they may stop at the precision of float64
            model = Reference(C=C, class_weight="balanced", solver=solver, tol=1e-10, max_iter=20_000).fit(points, y)
        losses.append(loss(model.coef_, model.intercept_, points, y, C))
    return min(losses)


@pytest.mark.parametrize(
    ("n", "dim", "classes", "distance"),
    [
        pytest.param(100, 60, 6, 0.3, id="images>dim"),
        pytest.param(40, 90, 6, 0.3, id="images<dim"),
        pytest.param(120, 20, 2, 0.3, id="two classes"),
        pytest.param(60, 8, 3, 8.0, id="separable"),
        pytest.param(60, 8, 2, 8.0, id="two separable classes"),
        pytest.param(300, 3, 4, 0.0, id="nothing to learn"),
        pytest.param(40, 1, 3, 1.0, id="one dimension"),
    ],
)
def test_the_loss_is_the_minimum_along_the_whole_grid(n, dim, classes, distance) -> None:
    points, y = data(n, dim, classes, distance)
    rotated, axes = to_principal_axes(points)
    axes = np.eye(dim) if axes is None else axes
    model = LogisticRegression(rotated, y)
    for C in (1e-5, 1e-3, 1e-1, 1.0, 1e2):  # each fit starts from the one before
        coef, intercept = model.fit(C)
        found = loss(coef @ axes.T, intercept, points, y, C)
        assert model.loss == pytest.approx(found, abs=1e-12)
        assert found - reference_loss(points, y, C) < WITHIN


def test_the_order_of_the_grid_does_not_matter() -> None:
    points, y = data(80, 30, 5, 0.5)
    up, down = LogisticRegression(points, y), LogisticRegression(points, y)
    grid = (1e-4, 1e-2, 1.0, 1e2)
    ascending = {C: (up.fit(C), up.loss)[1] for C in grid}
    descending = {C: (down.fit(C), down.loss)[1] for C in reversed(grid)}
    assert ascending == pytest.approx(descending, abs=WITHIN)


def test_other_axes_give_the_same_fit() -> None:
    points, y = data(80, 30, 5, 0.5)
    in_axes, axes = to_principal_axes(points)
    (coef, intercept), (rotated, other) = LogisticRegression(points, y).fit(0.1), LogisticRegression(in_axes, y).fit(0.1)
    assert np.allclose(coef, rotated @ axes.T, atol=1e-3)
    again, same = to_principal_axes(in_axes)
    assert again is in_axes
    assert same is None
    assert np.allclose(intercept, other, atol=1e-3)


def test_missing_classes_are_left_out() -> None:
    points, y = data(60, 10, 3, 0.5)
    model = LogisticRegression(points, np.array([1, 4, 6])[y])
    coef, intercept = model.fit(1.0)
    expected, _ = LogisticRegression(points, y).fit(1.0)
    assert model.classes.tolist() == [1, 4, 6]
    assert np.array_equal(coef, expected)
    assert np.allclose([coef.mean(), intercept.mean()], 0, atol=1e-6)


def test_columns_without_variance_get_no_coefficients() -> None:
    points, y = data(60, 10, 3, 0.5)
    coef, _ = LogisticRegression(np.column_stack([points, np.full(60, 7.0)]), y).fit(1e2)
    assert np.allclose(coef[:, -1], 0, atol=1e-9)


def test_large_problems_reach_the_minimum_in_float32() -> None:
    """Hundreds of conditions: a gradient bounds how far a strongly convex loss is above its minimum."""
    points, y = data(1000, 210, 500, 0.3)
    rotated, _ = to_principal_axes(points)
    assert rotated.size * 500 > LARGE
    model = LogisticRegression(rotated, y)
    weights, one_hot = 1 / (500 * np.bincount(y)[y]), np.eye(500)[y]
    for C in (1e-3, 1e-1):
        coef, intercept = model.fit(C)
        assert model.loss == pytest.approx(loss(coef, intercept, rotated, y, C), abs=WITHIN)
        residuals = weights[:, None] * (softmax(rotated @ coef.T + intercept, axis=1) - one_hot)
        centred = rotated - weights @ rotated  # the intercept is not penalised, but has a curvature of its own
        gradient = residuals.T @ centred + coef / (C * len(y))
        assert np.square(gradient).sum() * C * len(y) / 2 < WITHIN
        assert abs(residuals.sum(axis=0)).max() < 1e-5
