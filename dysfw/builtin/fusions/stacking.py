"""Stacking: a second classifier learns from held-out votes how far to trust which region about which condition."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from ...contracts.components import Fusion
from ...types import Bool, Float32, Int64, State
from ..heads.softmax import Softmax
from .pools import TINY


class Stacking(Fusion):
    """Class-balanced multinomial logistic regression on the log-ratios of all regions' votes (Wolpert, Neural Netw 1992;5:241).

    C: inverse strength of the penalty, > 0; None chooses it by cross-validation, as the head ``softmax`` does. folds: of that,
    2 or more. seed: of those folds. An absent region counts as one without an opinion. With few photographs this rarely beats
    ``mean``: compare before you use it.
    """

    def __init__(
        self, C: Annotated[float, Field(gt=0)] | None = None, folds: Annotated[int, Field(ge=2)] = 5, seed: int = 0
    ) -> None:
        self.model = Softmax(C, folds, seed)

    @property
    def needs_fit(self) -> bool:
        return True

    def fit(self, region_probabilities: Float32, present: Bool, y: Int64, groups: Int64) -> None:
        self.model.fit(_log_ratios(region_probabilities, present), y, region_probabilities.shape[2], groups)

    def fuse(self, region_probabilities: Float32, present: Bool) -> Float32:
        return self.model.predict(_log_ratios(region_probabilities, present))

    def state(self) -> State:
        return self.model.state()

    def restore(self, state: State) -> None:
        self.model.restore(state)


def _log_ratios(region_probabilities: Float32, present: Bool) -> Float32:
    """Centred log-ratios [N, R*K] (Aitchison), 0 where a region is absent: the log-ratio of a uniform vote."""
    logs = np.log(np.maximum(np.where(present[:, :, None], region_probabilities, 1), TINY))
    centred = logs - logs.mean(axis=2, keepdims=True)
    return np.asarray(
        centred.reshape(len(region_probabilities), region_probabilities.shape[1] * region_probabilities.shape[2]), np.float32
    )
