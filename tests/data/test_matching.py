"""Matched controls: the assignment is optimal, and every rule holds."""

import itertools

import numpy as np
import pytest

from dysfw.data.matching import UNKNOWN, Traits, match
from dysfw.errors import DysfwError


def traits(values, strata=None):
    columns = np.array(values, float)
    columns = columns.reshape(len(columns), -1)
    return Traits(columns, np.array(strata if strata is not None else [0] * len(columns), np.int64))


def best(cases, controls, ratio, caliper):
    """Try every assignment: most cases with a control, then with two, …, then the least sum of squared differences."""
    spread = np.sqrt((np.var(cases, ddof=1) + np.var(controls, ddof=1)) / 2)
    difference = np.abs(np.subtract.outer(cases, controls)) / spread
    options = [None, *range(len(cases))]
    scores = []
    for chosen in itertools.product(options, repeat=len(controls)):
        pairs = [(case, n) for n, case in enumerate(chosen) if case is not None]
        numbers = np.bincount([case for case, _ in pairs], minlength=len(cases))
        if numbers.max() <= ratio and all(difference[pair] <= caliper for pair in pairs):
            filled = [int((numbers >= k).sum()) for k in range(1, ratio + 1)]
            scores.append(([-n for n in filled], sum(difference[pair] ** 2 for pair in pairs)))
    return min(scores)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("ratio", [1, 2])
def test_the_assignment_is_the_best_of_all(seed, ratio):
    rng = np.random.default_rng(seed)
    cases, controls = rng.normal(0, 1, 3), rng.normal(0.5, 1, 6)
    found = match(traits(cases), traits(controls), ratio=ratio, caliper=0.8)
    numbers = [len(one) for one in found.controls]
    spread = found.spread[0]
    cost = sum(((cases[n] - controls[k]) / spread) ** 2 for n, one in enumerate(found.controls) for k in one)
    filled, least = best(cases, controls, ratio, 0.8)
    assert [-sum(n >= k for n in numbers) for k in range(1, ratio + 1)] == filled
    assert cost == pytest.approx(least, abs=1e-9)


def test_greedy_matching_would_leave_a_case_without_a_control():
    """The first case is nearest to the only control that the second one can have."""
    found = match(traits([10.0, 12.0]), traits([9.0, 10.5]), ratio=1, caliper=1.3)
    assert found.controls == ((0,), (1,))


def test_every_case_gets_a_control_before_any_gets_a_second():
    found = match(traits([5.0, 5.2]), traits([5.0, 5.01]), ratio=2, caliper=np.inf)
    assert [len(one) for one in found.controls] == [1, 1]


def test_no_control_serves_two_cases_and_none_has_more_than_the_ratio():
    rng = np.random.default_rng(1)
    found = match(traits(rng.normal(size=20)), traits(rng.normal(size=90)), ratio=3, caliper=0.5)
    chosen = [n for one in found.controls for n in one]
    assert len(chosen) == len(set(chosen))
    assert max(map(len, found.controls)) == 3


def test_the_caliper_is_in_pooled_standard_deviations():
    """Variances 2 and 8, so the pooled standard deviation is sqrt(5) = 2.236; 0.2 of it is 0.447."""
    cases, controls = traits([0.0, 2.0]), traits([0.44, 4.44])
    found = match(cases, controls, ratio=1)
    assert found.spread[0] == pytest.approx(5**0.5)
    assert found.controls == ((0,), ())
    assert match(cases, traits([0.45, 4.45]), ratio=1).controls == ((), ())


def test_each_variable_has_the_caliper():
    cases, controls = traits([[0.0, 0.0], [1.0, 1.0]]), traits([[0.0, 1.0], [1.0, 1.05]])
    assert match(cases, controls, ratio=1).controls == ((), (1,))


def test_strata_are_never_mixed():
    found = match(traits([1.0, 1.0, 1.0], [0, 1, 2]), traits([1.0, 1.0], [1, 0]), ratio=2, caliper=np.inf)
    assert found.controls == ((1,), (0,), ())
    assert found.same.tolist() == [True, True, False]


def test_unknown_values_match_nobody():
    found = match(traits([np.nan, 1.0], [0, UNKNOWN]), traits([1.0, np.nan], [0, 0]), ratio=1, caliper=np.inf)
    assert found.controls == ((), ())
    assert not found.same.any()


def test_without_spread_only_equal_values_match():
    found = match(traits([3.0, 3.0]), traits([3.0, 3.0, 3.0]), ratio=1)
    assert [len(one) for one in found.controls] == [1, 1]
    assert match(traits([3.0, 3.0]), traits([4.0, 4.0]), ratio=1, caliper=np.inf).controls == ((), ())


def test_the_same_input_gives_the_same_pairs():
    first = match(traits([1.0] * 4), traits([1.0] * 9), ratio=2)
    assert first.controls == match(traits([1.0] * 4), traits([1.0] * 9), ratio=2).controls


def test_too_many_patients_are_refused_before_memory_is_used():
    with pytest.raises(DysfwError, match="60,000 places for controls .* × 20,000 controls"):
        match(traits(np.zeros(20_000)), traits(np.zeros(20_000)), ratio=3)
