"""The key ``prior`` of a recipe: how common each condition is among those who will be judged."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

Share = Annotated[float, Field(ge=0, le=1)]
# "uniform", "data" (as in the training) or shares by label; see ``dysfw.reliability.prior``.
Prior = Literal["uniform", "data"] | dict[str, Share]
UNIFORM: Prior = "uniform"
