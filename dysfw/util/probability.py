"""Probabilities as text."""

from __future__ import annotations

import math


def probability_text(probability: float, digits: int = 3) -> str:
    """Write a probability without rounding it to impossible or certain.

    Args:
        probability: From 0 to 1; NaN if it is not known.
        digits: Digits after the point.

    Returns:
        Such as "0.042"; "<0.001" for one that would be rounded to 0, ">0.999" for one that would be rounded to 1, and "–" for
        NaN. Exactly 0 and 1 are "0.000" and "1.000".
    """
    if math.isnan(probability):
        return "–"
    text, step = f"{probability:.{digits}f}", 10**-digits
    if probability > 0 and float(text) == 0:
        return f"<{step:.{digits}f}"
    if probability < 1 and float(text) == 1:
        return f">{1 - step:.{digits}f}"
    return text
