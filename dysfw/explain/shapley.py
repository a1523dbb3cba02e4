"""Shapley values of the players of a cooperative game."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import Bool

Float64 = npt.NDArray[np.float64]
ValueFunction = Callable[[Bool], Float64]
"""The values of C coalitions of P players: bool [C, P] -> float64 [C, K]."""

MAX_EXACT_PLAYERS = 10  # up to here all coalitions are evaluated: 1,024
SAMPLED_ORDERS = 128  # with more players; half of them are the reverses of the others


@dataclass(frozen=True, slots=True, eq=False)
class ShapleyValues:
    """Shapley values of P players in K games. The base values and all values sum to the value of the full coalition.

    Attributes:
        base_values: float64 [K], the value of the empty coalition.
        values: float64 [P, K].
        standard_error: float64 [P, K]; 0 if all coalitions were evaluated.
    """

    base_values: Float64
    values: Float64
    standard_error: Float64


def shapley(value: ValueFunction, players: int, seed: int) -> ShapleyValues:
    """Compute Shapley values: the mean gain in value when a player joins, over all orders of joining.

    Args:
        value: Returns the values of coalitions.
        players: Number of players, at least 1. With more than ``MAX_EXACT_PLAYERS``, orders are sampled.
        seed: Random seed for the sampled orders.

    Returns:
        The values of all players.

    Shapley, A value for n-person games, in: Contributions to the Theory of Games II, Princeton 1953. Sampling: Castro, Gómez
    and Tejada, Computers & Operations Research 2009;36:1726, with antithetic orders (Mitchell et al., JMLR 2022;23:43).
    """
    return _exact(value, players) if players <= MAX_EXACT_PLAYERS else _sampled(value, players, seed)


def _exact(value: ValueFunction, players: int) -> ShapleyValues:
    codes = np.arange(2**players)
    coalitions: Bool = (codes[:, None] >> np.arange(players)) & 1 == 1
    coalition_values, sizes = value(coalitions), coalitions.sum(axis=1)
    weights = np.array([1 / (players * math.comb(players - 1, size)) for size in range(players)])
    values = np.empty((players, coalition_values.shape[1]))
    for player in range(players):
        without = codes[~coalitions[:, player]]
        values[player] = weights[sizes[without]] @ (coalition_values[without | 1 << player] - coalition_values[without])
    return ShapleyValues(coalition_values[0], values, np.zeros_like(values))


def _sampled(value: ValueFunction, players: int, seed: int) -> ShapleyValues:
    generator = np.random.default_rng(seed)
    samples = []
    for _ in range(SAMPLED_ORDERS // 2):
        order = generator.permutation(players)
        forward, backward = _gains(value, order), _gains(value, order[::-1])
        samples.append((forward + backward) / 2)
    pairs = np.stack(samples)
    base_values = value(np.zeros((1, players), bool))[0]
    return ShapleyValues(base_values, pairs.mean(axis=0), pairs.std(axis=0, ddof=1) / math.sqrt(len(pairs)))


def _gains(value: ValueFunction, order: npt.NDArray[np.intp]) -> Float64:
    """Gain in value from each player, [P, K], if they join in this order."""
    coalitions = np.zeros((len(order) + 1, len(order)), bool)
    for joined, player in enumerate(order, 1):
        coalitions[joined:, player] = True
    steps = np.diff(value(coalitions), axis=0)
    gains = np.empty_like(steps)
    gains[order] = steps
    return gains
