"""The block ``pretrain`` of a recipe: how ``dysfw pretrain`` trains its trunk. It has no meaning for anything else."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Loss = Literal["cosface", "arcface"]
Weight = Annotated[float, Field(ge=0, le=1000)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Size = Annotated[int, Field(ge=16, le=2048)]
MARGINS: dict[Loss, float] = {"cosface": 0.35, "arcface": 0.5}  # of the papers


class Keys(BaseModel):
    """A block of keys, none of which may be unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Augment(Keys):
    """How a crop is varied each time it is seen. rotation: at most so many degrees to either side. scale, shift: at most this
    fraction of the crop's side. colour: strength of changes in brightness, contrast, colour balance and saturation. blur:
    fraction of the crops that are blurred. flip: mirror every other crop, its landmarks with it."""

    rotation: Annotated[float, Field(ge=0, le=180)] = 8
    scale: Annotated[float, Field(ge=0, le=0.5)] = 0.08
    shift: Annotated[float, Field(ge=0, le=0.5)] = 0.04
    colour: Fraction = 0.5
    blur: Fraction = 0.2
    flip: bool = True


class Pretrain(Keys):
    """loss, margin, scale: of the softmax over identities. identity, attributes, landmarks: weights of the three losses.
    embedding: length of the vector that identities are told apart by. steps: how many. batch: crops a step, over all processes
    together. learning_rate, weight_decay: of AdamW. warmup: fraction of the steps in which the learning rate rises. sizes:
    [[from this fraction of the steps, px], …]; empty: the crop's size throughout. depth: [[at this fraction of the steps, share
    of the residual blocks that are computed], …], straight lines between; empty: all. regions: names, or "all". augment: how a
    crop is varied. checkpoint: seconds between checkpoints."""

    loss: Loss = "cosface"
    margin: Fraction | None = None
    scale: Annotated[float, Field(ge=1, le=256)] = 32
    identity: Weight = 1
    attributes: Weight = 0
    landmarks: Weight = 0
    embedding: Annotated[int, Field(ge=2, le=8192)] = 512
    steps: Annotated[int, Field(ge=1, le=10**9)] = 20_000
    batch: Annotated[int, Field(ge=2, le=65_536)] = 64
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.05
    warmup: Fraction = 0.05
    sizes: list[tuple[Fraction, Size]] = []
    depth: list[tuple[Fraction, Fraction]] = []
    regions: Annotated[list[str], Field(min_length=1)] | Literal["all"] = "all"
    augment: Augment = Augment()
    checkpoint: Annotated[float, Field(gt=0, le=86_400)] = 120

    @field_validator("sizes", "depth")
    @classmethod
    def _in_order(cls, stages: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
        starts = [start for start, _ in stages]
        if starts and (starts[0] != 0 or any(b <= a for a, b in pairwise(starts))):
            raise ValueError("allowed: pairs [fraction of the steps, value], the first fraction 0, each larger than the last")
        return stages

    @model_validator(mode="after")
    def _learns(self) -> Pretrain:
        if not (self.identity or self.attributes or self.landmarks):
            raise ValueError("identity, attributes and landmarks all have the weight 0: there is nothing to learn")
        return self

    @property
    def softmax_margin(self) -> float:
        """The margin, of the loss's paper where none is given."""
        return MARGINS[self.loss] if self.margin is None else self.margin
