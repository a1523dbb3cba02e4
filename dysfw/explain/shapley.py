"""Shapley values: what each player adds to the worth of a coalition, on average over all orders in which they may join.

Shapley, A value for n-person games, in: Contributions to the Theory of Games II, Princeton 1953. Sampled: Castro, Gómez and
Tejada, Computers & Operations Research 2009;36:1726; with each order its reverse (Mitchell et al., JMLR 2022;23:43).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import Bool

Float64 = npt.NDArray[np.float64]
Worth = Callable[[Bool], Float64]
"""coalitions bool [C, P] -> the worth of each, float64 [C, K]."""

EXACT = 10  # players, up to which all coalitions are asked: 1,024
ORDERS = 128  # of more players, half of them the reverses of the others


@dataclass(frozen=True, slots=True, eq=False)
class Shapley:
    """empty: float64 [K], the worth of nobody. values: float64 [P, K]; empty and all values sum to the worth of everybody.
    error: float64 [P, K], standard errors; 0 where all coalitions were asked."""

    empty: Float64
    values: Float64
    error: Float64


def shapley(worth: Worth, players: int, seed: int) -> Shapley:
    """The values of 1 or more players. seed: of the orders, where there are more than ``EXACT``."""
    return _exact(worth, players) if players <= EXACT else _sampled(worth, players, seed)


def _exact(worth: Worth, players: int) -> Shapley:
    codes = np.arange(2**players)
    coalitions: Bool = (codes[:, None] >> np.arange(players)) & 1 == 1
    worths, sizes = worth(coalitions), coalitions.sum(axis=1)
    weights = np.array([1 / (players * math.comb(players - 1, size)) for size in range(players)])
    values = np.empty((players, worths.shape[1]))
    for player in range(players):
        without = codes[~coalitions[:, player]]
        values[player] = weights[sizes[without]] @ (worths[without | 1 << player] - worths[without])
    return Shapley(worths[0], values, np.zeros_like(values))


def _sampled(worth: Worth, players: int, seed: int) -> Shapley:
    generator = np.random.default_rng(seed)
    gained = []
    for _ in range(ORDERS // 2):
        order = generator.permutation(players)
        forward, backward = _gains(worth, order), _gains(worth, order[::-1])
        gained.append((forward + backward) / 2)
    pairs = np.stack(gained)
    empty = worth(np.zeros((1, players), bool))[0]
    return Shapley(empty, pairs.mean(axis=0), pairs.std(axis=0, ddof=1) / math.sqrt(len(pairs)))


def _gains(worth: Worth, order: npt.NDArray[np.intp]) -> Float64:
    """What each player [P, K] adds when they join in this order."""
    coalitions = np.zeros((len(order) + 1, len(order)), bool)
    for joined, player in enumerate(order, 1):
        coalitions[joined:, player] = True
    steps = np.diff(worth(coalitions), axis=0)
    gains = np.empty_like(steps)
    gains[order] = steps
    return gains
