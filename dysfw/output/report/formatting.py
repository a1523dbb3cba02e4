"""Formatting of numbers. A value that is not finite becomes a dash, never "nan"."""

from __future__ import annotations

import math

from ...stats.estimate import Estimate

MISSING = "–"
MINUS = "−"
DIGITS = 3


def number(value: float | None, digits: int = DIGITS) -> str:
    """Format a number: "0.618", "−0.052", or "–" if it is missing."""
    if value is None or not math.isfinite(value):
        return MISSING
    text = f"{value:,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")  # not "-0.000"
    return text.replace("-", MINUS)


def signed(value: float | None, digits: int = DIGITS) -> str:
    """Format a difference with its sign: "+0.012"."""
    text = number(value, digits)
    return f"+{text}" if text != MISSING and not text.startswith(MINUS) and float(text.replace(",", "")) > 0 else text


def bounds(estimate: Estimate | None, digits: int = DIGITS) -> tuple[str, str] | None:
    """Return the ends of the interval as text; None if there is no interval."""
    if estimate is None or estimate.low is None or estimate.high is None:
        return None
    if not (math.isfinite(estimate.value) and math.isfinite(estimate.low) and math.isfinite(estimate.high)):
        return None
    return number(estimate.low, digits), number(estimate.high, digits)


def interval(estimate: Estimate | None, digits: int = DIGITS) -> str:
    """Format an interval: "[0.571, 0.665]", or empty if there is none."""
    ends = bounds(estimate, digits)
    return f"[{ends[0]}, {ends[1]}]" if ends else ""


def excludes_zero(difference: Estimate | None, digits: int = DIGITS) -> bool:
    """Return whether the interval of a difference excludes 0 after rounding: "[0.000, 0.217]" does not."""
    if difference is None or bounds(difference, digits) is None:
        return False
    low, high = round(difference.low or 0.0, digits), round(difference.high or 0.0, digits)
    return low > 0 or high < 0


def negated(difference: Estimate) -> Estimate:
    """Return the difference with the opposite sign."""
    low = None if difference.high is None else -difference.high
    high = None if difference.low is None else -difference.low
    return Estimate(value=-difference.value, low=low, high=high)


def share(value: float | None, digits: int = 0) -> str:
    """Format a share as a percentage: "7 %"."""
    text = number(None if value is None else 100 * value, digits)
    return text if text == MISSING else f"{text}\N{NO-BREAK SPACE}%"


def p_value(p: float | None) -> str:
    """Format a p-value: "0.032", "< 0.001"."""
    if p is None or not math.isfinite(p):
        return MISSING
    return "<\N{NO-BREAK SPACE}0.001" if p < 0.001 else number(p)


def amount(value: float | None) -> str:
    """Format a count, which may be a mean over repeats: "12", "7.3"."""
    if value is None or not math.isfinite(value):
        return MISSING
    return number(value, 0 if abs(value - round(value)) < 0.05 else 1)
