import math

import pytest

from dysfw.output.report.formatting import amount, excludes_zero, interval, negated, number, p_value, share, signed
from dysfw.stats.estimate import Estimate


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.6184, "0.618"),
        (-0.052, "−0.052"),
        (-0.0001, "0.000"),
        (1234.5, "1,234.500"),
        (math.nan, "–"),
        (math.inf, "–"),
        (None, "–"),
    ],
)
def test_numbers_have_three_digits_and_a_minus_sign_and_a_missing_one_is_a_dash(value, text):
    assert number(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.01, "+0.010"), (-0.01, "−0.010"), (0.0, "0.000"), (math.nan, "–")])
def test_differences_show_their_sign(value, text):
    assert signed(value) == text


@pytest.mark.parametrize("estimate", [None, Estimate(value=0.5), Estimate(value=math.nan, low=0, high=1),
                                      Estimate(value=0.5, low=math.nan, high=1)])  # fmt: skip
def test_a_missing_interval_is_empty(estimate):
    assert interval(estimate) == ""


def test_an_interval_is_in_brackets():
    assert interval(Estimate(value=0.0, low=-0.01, high=0.02)) == "[−0.010, 0.020]"


@pytest.mark.parametrize(("p", "text"), [(0.032, "0.032"), (0.0005, "<\u00a00.001"), (0.001, "0.001"), (math.nan, "–")])
def test_p_is_never_zero(p, text):
    assert p_value(p) == text


def test_shares_are_percentages_and_whole_amounts_have_no_decimals():
    assert (share(0.073), share(0.9042, 1), share(math.nan)) == ("7\u00a0%", "90.4\u00a0%", "–")
    assert (amount(12.0), amount(7.333), amount(1500)) == ("12", "7.3", "1,500")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.001, 0.2, True), (0.0004, 0.2, False), (-0.2, -0.0004, False), (-0.2, -0.001, True), (None, None, False)],
)
def test_an_interval_excludes_zero_after_rounding(low, high, expected):
    difference = Estimate(value=0.1, low=low, high=high)
    assert excludes_zero(difference) == expected
    assert excludes_zero(negated(difference)) == expected


def test_a_negated_difference_has_its_ends_exchanged():
    assert negated(Estimate(value=0.1, low=-0.2, high=0.3)) == Estimate(value=-0.1, low=-0.3, high=0.2)
