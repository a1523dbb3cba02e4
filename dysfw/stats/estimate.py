"""A measured value with its interval."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

CONFIDENCE_LEVEL = 0.95


class Estimate(BaseModel):
    """A measured value with its 95 % interval.

    Attributes:
        value: The measured value.
        low: Lower end of the interval; None if there is no interval.
        high: Upper end of the interval; None if there is no interval.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    value: float
    low: float | None = None
    high: float | None = None
