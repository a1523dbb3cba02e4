import itertools

import numpy as np
import pytest

from dysfw.explain.shapley import EXACT, shapley


def by_all_orders(worth, players):
    """The definition, word for word."""
    orders = list(itertools.permutations(range(players)))
    values = np.zeros((players, worth(np.zeros((1, players), bool)).shape[1]))
    for order in orders:
        here = np.zeros((1, players), bool)
        for player in order:
            base_values = worth(here)[0]
            here[0, player] = True
            values[player] += worth(here)[0] - base_values
    return values / len(orders)


def game(players, seed=0):
    """A game with a worth of its own for each coalition, of two kinds."""
    table = np.random.default_rng(seed).normal(size=(2**players, 2))
    return lambda coalitions: table[coalitions @ (1 << np.arange(players))]


@pytest.mark.parametrize("players", [1, 2, 5])
def test_values_are_those_of_the_definition(players):
    worth = game(players)
    found = shapley(worth, players, 0)
    np.testing.assert_allclose(found.values, by_all_orders(worth, players), atol=1e-12)
    np.testing.assert_array_equal(found.empty, worth(np.zeros((1, players), bool))[0])
    assert not found.error.any()


@pytest.mark.parametrize("players", [EXACT, EXACT + 1])
def test_they_sum_to_what_all_are_worth(players):
    worth = game(players)
    found = shapley(worth, players, 0)
    np.testing.assert_allclose(found.empty + found.values.sum(axis=0), worth(np.ones((1, players), bool))[0], atol=1e-12)


def test_sampled_ones_are_near_and_know_how_near():
    players, pull = EXACT + 4, np.linspace(-1, 1, EXACT + 4)

    def worth(coalitions):
        alone = coalitions @ pull
        return np.stack([alone, alone**2], axis=1)

    found = shapley(worth, players, 3)
    exact = np.stack([pull, pull * pull.sum()], axis=1)  # of the square: a value for each pair, shared by two
    np.testing.assert_allclose(found.values[:, 0], exact[:, 0], atol=1e-9)
    assert (np.abs(found.values[:, 1] - exact[:, 1]) <= 5 * found.error[:, 1] + 1e-9).all()
    again = shapley(worth, players, 3)
    np.testing.assert_array_equal(found.values, again.values)
