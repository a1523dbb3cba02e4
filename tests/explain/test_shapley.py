import itertools

import numpy as np
import pytest

from dysfw.explain.shapley import MAX_EXACT_PLAYERS, shapley


def by_definition(value, players):
    """The mean over all orders."""
    orders = list(itertools.permutations(range(players)))
    values = np.zeros((players, value(np.zeros((1, players), bool)).shape[1]))
    for order in orders:
        coalition = np.zeros((1, players), bool)
        for player in order:
            before = value(coalition)[0]
            coalition[0, player] = True
            values[player] += value(coalition)[0] - before
    return values / len(orders)


def random_game(players, seed=0):
    """Random values for each coalition, float64 [C, 2]."""
    table = np.random.default_rng(seed).normal(size=(2**players, 2))
    return lambda coalitions: table[coalitions @ (1 << np.arange(players))]


@pytest.mark.parametrize("players", [1, 2, 5])
def test_values_equal_the_definition(players):
    value = random_game(players)
    result = shapley(value, players, 0)
    np.testing.assert_allclose(result.values, by_definition(value, players), atol=1e-12)
    np.testing.assert_array_equal(result.base_values, value(np.zeros((1, players), bool))[0])
    assert not result.standard_error.any()


@pytest.mark.parametrize("players", [MAX_EXACT_PLAYERS, MAX_EXACT_PLAYERS + 1])
def test_values_sum_to_the_value_of_the_full_coalition(players):
    value = random_game(players)
    result = shapley(value, players, 0)
    np.testing.assert_allclose(
        result.base_values + result.values.sum(axis=0), value(np.ones((1, players), bool))[0], atol=1e-12
    )


def test_sampled_values_are_within_their_standard_errors():
    players = MAX_EXACT_PLAYERS + 4
    weights = np.linspace(-1, 1, players)

    def value(coalitions):
        total = coalitions @ weights
        return np.stack([total, total**2], axis=1)

    result = shapley(value, players, 3)
    exact = np.stack([weights, weights * weights.sum()], axis=1)  # in the square, two players share the value of each pair
    np.testing.assert_allclose(result.values[:, 0], exact[:, 0], atol=1e-9)
    assert (np.abs(result.values[:, 1] - exact[:, 1]) <= 5 * result.standard_error[:, 1] + 1e-9).all()
    again = shapley(value, players, 3)
    np.testing.assert_array_equal(result.values, again.values)
