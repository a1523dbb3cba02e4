"""A figure with its interval, as every report shows it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

LEVEL = 0.95


class Estimate(BaseModel):
    """value: measured. low, high: its 95 % interval, None where none could be computed."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    value: float
    low: float | None = None
    high: float | None = None
