"""The block ``tune`` of a recipe: how ``dysfw train`` fits the trunk itself to each region."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .pretraining import Augment, Fraction, Keys

Mode = Literal["none", "batchnorm", "last_block", "full"]


class Tune(Keys):
    """mode: what of the trunk may change: nothing, its normalisations, its last block, or all of it. epochs: at most so many
    passes over the photographs. patience: epochs without progress after which it ends. batch: crops a step. learning_rate,
    weight_decay: of AdamW. warmup: fraction of the steps in which the learning rate rises. augment: how a crop is varied."""

    mode: Mode = "none"
    epochs: Annotated[int, Field(ge=1, le=10_000)] = 20
    patience: Annotated[int, Field(ge=1, le=10_000)] = 3
    batch: Annotated[int, Field(ge=2, le=4096)] = 32
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.05
    warmup: Fraction = 0.1
    augment: Augment = Augment()
