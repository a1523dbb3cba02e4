"""Shrunk covariances against scikit-learn's."""

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from dysfw.builtin.heads.covariance import common_covariance, shrunk_covariance
from dysfw.builtin.heads.lda import Lda


@pytest.mark.filterwarnings("ignore:Only one sample available")
@pytest.mark.parametrize(("number", "dim"), [(40, 7), (7, 40), (1, 5), (200, 30)])
def test_the_covariance_is_that_of_ledoit_and_wolf(number, dim) -> None:
    x = np.random.default_rng(number).normal(size=(number, dim)) * np.arange(1, dim + 1)
    x -= x.mean(axis=0)
    expected, _ = ledoit_wolf(x, assume_centered=True)
    assert shrunk_covariance(x) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("shrinkage", [None, 0.0, 0.3, 1.0])
@pytest.mark.filterwarnings("ignore:Only one sample available")
def test_the_discriminants_are_those_of_scikit_learn(shrinkage) -> None:
    """With classes of one image, of fewer images than dimensions, and of more; a feature is constant in one class."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 2, 3, 5], [1, 4, 40, 25])
    x = rng.normal(size=(70, 12)) + rng.normal(size=(6, 12))[y] * 2
    x[y == 2, 3] = 1.0
    model = LinearDiscriminantAnalysis("lsqr", shrinkage="auto" if shrinkage is None else shrinkage, priors=np.full(4, 0.25))
    model.fit(x, y)
    assert common_covariance(x, y, shrinkage) == pytest.approx(model.covariance_, rel=1e-9, abs=1e-9)
    coef, intercept = Lda(shrinkage)._discriminants(x, y, 6)
    difference = intercept - intercept[0] + (coef - coef[0]) @ x[10]
    scores = model.decision_function(x[10:11])[0]
    assert difference[[0, 2, 3, 5]] == pytest.approx(scores - scores[0], rel=1e-6, abs=1e-6)


def test_two_classes_have_opposite_discriminants() -> None:
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1], 30)
    x = rng.normal(size=(60, 5)) + y[:, None]
    model = LinearDiscriminantAnalysis("lsqr", shrinkage="auto", priors=[0.5, 0.5]).fit(x, y)
    coef, intercept = Lda()._discriminants(x, y, 2)
    assert coef[1] - coef[0] == pytest.approx(model.coef_[0])
    assert intercept[1] - intercept[0] == pytest.approx(model.intercept_[0])
