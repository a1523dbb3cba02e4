"""A smooth step between 0 and 1."""

from __future__ import annotations

import numpy as np

from ..source import FLOATS


def smoothstep(low: float, high: float, x: FLOATS) -> FLOATS:
    """Interpolate between 0 and 1 with a cubic.

    Args:
        low: Value of ``x`` at which the result is 0; may be larger than ``high``.
        high: Value of ``x`` at which the result is 1.
        x: Values to map.

    Returns:
        float64 of the shape of ``x``.
    """
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
