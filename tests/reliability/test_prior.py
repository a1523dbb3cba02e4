"""Prior probabilities of the conditions."""

import numpy as np
import pytest

from dysfw.errors import DysfwError
from dysfw.reliability.prior import apply_prior, describe_prior, prior_of

LABELS = ("control", "down", "noonan", "sotos")
Y, GROUPS = np.array([0, 0, 0, 1, 1, 2, 3]), np.array([0, 0, 1, 2, 3, 4, 5])


@pytest.mark.parametrize(("prior", "expected"), [
    ("uniform", [0.25] * 4),
    ("data", [2 / 6, 2 / 6, 1 / 6, 1 / 6]),  # two patients, two, one, one
    ({"control": 0.7}, [0.7, 0.1, 0.1, 0.1]),
    ({"control": 1.0}, [1, 0, 0, 0]),
    ({"control": 0.4, "down": 0.3, "noonan": 0.2, "sotos": 0.1}, [0.4, 0.3, 0.2, 0.1]),
])  # fmt: skip
def test_priors_are_given_counted_or_uniform(prior, expected):
    np.testing.assert_allclose(prior_of(prior, LABELS, Y, GROUPS), expected)


@pytest.mark.parametrize(("prior", "message"), [
    ({"donw": 0.1}, "no condition is called 'donw' .* did you mean 'down'"),
    ({"control": 0.7, "down": 0.7}, "sum to 1.4, but must sum to at most 1"),
    (dict.fromkeys(LABELS, 0.2), "sum to 0.8, but must sum to exactly 1"),
])  # fmt: skip
def test_impossible_priors_are_refused(prior, message):
    with pytest.raises(DysfwError, match=message):
        prior_of(prior, LABELS, Y, GROUPS)


def test_reweighing_follows_bayes_rule():
    rng = np.random.default_rng(0)
    prior = np.array([0.9, 0.1])
    # Two normal distributions, one for each class: the posterior under equal priors, and under ``prior``.
    x = rng.normal(0, 2, 500)
    likelihood = np.exp(-0.5 * (x[:, None] - [0.0, 1.0]) ** 2)
    equal = likelihood / likelihood.sum(axis=1, keepdims=True)
    true = likelihood * prior / (likelihood * prior).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(apply_prior(equal.astype(np.float32), prior), true, atol=1e-6)


def test_a_uniform_prior_changes_nothing():
    p = np.random.default_rng(0).dirichlet(np.ones(4), 5).astype(np.float32)
    assert apply_prior(p, np.full(4, 0.25)) is p


def test_rows_without_possible_conditions_get_the_prior():
    p = np.array([[1, 0]], np.float32)
    np.testing.assert_array_equal(apply_prior(p, np.array([0.0, 1.0])), [[0, 1]])


def test_descriptions_name_different_priors_and_count_equal_ones():
    assert describe_prior(np.array([0.7, 0.1, 0.1, 0.1]), LABELS) == "control 70 %, each of 3 others 10 %"
    assert describe_prior(np.array([0.4, 0.3, 0.2, 0.1]), LABELS) == "control 40 %, down 30 %, noonan 20 %, sotos 10 %"
