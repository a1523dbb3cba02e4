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

    def __str__(self) -> str:
        """Return "0.618 [0.571, 0.665]", without the interval if there is none."""
        known = self.low is not None and self.high is not None
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]" if known else f"{self.value:.3f}"
