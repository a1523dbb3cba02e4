"""Finds the minimum of a function of one number."""

from __future__ import annotations

import math
from collections.abc import Callable

SHRINK = (math.sqrt(5) - 1) / 2  # the golden ratio: one of the two inner points is used again in the next step


def find_minimum(function: Callable[[float], float], low: float, high: float, tolerance: float = 1e-6) -> float:
    """Find the minimum of a function by golden-section search (Kiefer, Proc. Am. Math. Soc. 1953;4:502-506).

    ``scipy.optimize`` would do the same, but importing it takes 0.4 s, as long as everything else that loads a bundle.

    Args:
        function: A function with one minimum between ``low`` and ``high``.
        low: Lower bound.
        high: Upper bound.
        tolerance: Length of the interval, around the minimum, at which the search stops.

    Returns:
        The middle of this interval.
    """
    left, right = high - SHRINK * (high - low), low + SHRINK * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > tolerance:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - SHRINK * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + SHRINK * (high - low)
            at_right = function(right)
    return (low + high) / 2
