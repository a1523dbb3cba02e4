"""What all parts of an audit's result have in common."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Verdict = Literal["pass", "caution", "fail"]


class Part(BaseModel):
    """A part of a result: unchangeable, and strict when it is read."""

    model_config = ConfigDict(frozen=True, extra="forbid")
