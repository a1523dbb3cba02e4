"""The block ``reliability`` of a recipe: when one prediction is to be believed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .pretraining import Keys

Rare = Annotated[float, Field(ge=0, le=0.5)]


class Reliability(Keys):
    """calibrate: whether probabilities are brought to what held-out photographs have shown them to be worth. coverage: share of
    patients whose condition a prediction set must hold. unlike, blurred: share of photographs like those in training that may
    be called unlike them, or too blurred. smallest_face: height of the face's box, px. turned: yaw or pitch of the head,
    degrees."""

    calibrate: bool = True
    coverage: Annotated[float, Field(gt=0, lt=1)] = 0.9
    unlike: Rare = 0.02
    blurred: Rare = 0.01
    smallest_face: Annotated[int, Field(ge=0, le=10_000)] = 60
    turned: Annotated[float, Field(ge=0, le=180)] = 40.0
