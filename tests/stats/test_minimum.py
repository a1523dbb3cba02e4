import math

import pytest
from scipy.optimize import minimize_scalar

from dysfw.stats.minimum import find_minimum


@pytest.mark.parametrize(
    ("function", "low", "high"),
    [
        (lambda x: (x - 0.3) ** 2, -3, 3),
        (lambda x: abs(x - 1.25) + 0.1 * x, -3, 3),  # no derivative at the minimum
        (lambda x: math.exp(-x) + 0.5 * x, -3, 3),
        (lambda x: x, -3, 3),  # at a bound
        (lambda x: -x, -3, 3),
    ],
)
def test_same_minimum_as_scipy(function, low, high):
    expected = minimize_scalar(function, bounds=(low, high), method="bounded", options={"xatol": 1e-7}).x
    assert find_minimum(function, low, high) == pytest.approx(expected, abs=2e-6)


def test_few_calls():
    calls = []
    find_minimum(lambda x: calls.append(x) or (x - 1) ** 2, -3, 3)
    assert len(calls) <= 36  # log(6e6) / log(1.618) steps, one call each
