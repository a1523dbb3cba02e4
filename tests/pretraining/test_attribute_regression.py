import numpy as np
import pytest
from sklearn.linear_model import Ridge

from dysfw.pretraining.attribute_regression import fit_attribute_regression


def rows(number, *, dim=12, attributes=3, noise=0.3, seed=0):
    """Return embeddings of two regions that encode the attributes in different ways."""
    rng = np.random.default_rng(seed)
    truth = np.random.default_rng(99).normal(size=(2, attributes, dim))
    identity, region = np.arange(number) // 2, np.arange(number) % 2
    y = rng.normal(size=(number // 2 + 1, attributes))[identity]
    x = np.einsum("na,nad->nd", y, truth[region]) + noise * rng.normal(size=(number, dim)) + 5
    return x.astype(np.float32), region, identity, y.astype(np.float32)


def in_batches(data, size):
    return (tuple(part[i : i + size] for part in data) for i in range(0, len(data[0]), size))


def test_attributes_of_new_identities_are_predicted_for_each_region():
    found = fit_attribute_regression(in_batches(rows(1200), 50), regions=3, dim=12, attributes=3)
    x, region, _, y = rows(400, seed=1)
    for r in (0, 1):
        predicted = x[region == r] @ found.weight[r].T + found.bias[r]
        error = ((predicted - y[region == r]) ** 2).mean(axis=0)
        assert (error < 0.1).all()
        assert found.r2[r] == pytest.approx(1 - error, abs=0.05)
    assert not found.weight[2].any()  # a region that was never seen
    assert not found.r2[2].any()


def test_the_result_is_ridge_regression_for_every_batch_size():
    data = rows(600)
    whole = fit_attribute_regression(in_batches(data, 600), regions=2, dim=12, attributes=3)
    split = fit_attribute_regression(in_batches(data, 7), regions=2, dim=12, attributes=3)
    assert np.allclose(whole.weight, split.weight, atol=1e-5)
    x, region, _, y = data
    here = region == 0
    penalties = np.array([1e-4, 1e-3, 1e-2, 1e-1, 1.0]) * x[here].var(axis=0).mean() * here.sum()
    fits = [Ridge(alpha=p, solver="cholesky").fit(x[here], y[here]).coef_ for p in penalties]
    assert min(np.abs(fit - whole.weight[0]).max() for fit in fits) < 1e-4


def test_random_attributes_have_no_r2():
    x, region, identity, _ = rows(400)
    noise = np.random.default_rng(3).normal(size=(len(x), 3)).astype(np.float32)
    assert (fit_attribute_regression([(x, region, identity, noise)], regions=2, dim=12, attributes=3).r2 < 0.1).all()


def test_rows_with_an_unknown_attribute_are_skipped():
    x, region, identity, y = rows(400)
    spoilt = y.copy()
    spoilt[::4, 1] = np.nan
    known = np.isfinite(spoilt).all(axis=1)
    found = fit_attribute_regression([(x, region, identity, spoilt)], regions=2, dim=12, attributes=3)
    same = fit_attribute_regression([(x[known], region[known], identity[known], y[known])], regions=2, dim=12, attributes=3)
    assert np.allclose(found.weight, same.weight)
