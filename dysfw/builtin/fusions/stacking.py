"""The fusion ``stacking``."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from ...contracts.components import Fusion
from ...types import Bool, Float32, Int64, State
from ..heads.softmax import Softmax
from .pools import MIN_PROBABILITY


class Stacking(Fusion):
    """Stacked generalisation (Wolpert, Neural Netw 1992;5:241) of the region probabilities.

    A class-balanced multinomial logistic regression is fitted to the log-ratios of the out-of-fold probabilities of all
    regions. An absent region counts as uniform. With few images this rarely beats ``mean``; compare both before you use it.

    Args:
        C: Inverse regularisation strength, above 0. Null chooses it by patient-wise cross-validation, as the head ``softmax``
            does.
        folds: Number of folds of that cross-validation, at least 2.
        seed: Random seed of the folds.
    """

    def __init__(
        self, C: Annotated[float, Field(gt=0)] | None = None, folds: Annotated[int, Field(ge=2)] = 5, seed: int = 0
    ) -> None:
        self.model = Softmax(C, folds, seed)

    @property
    def needs_fit(self) -> bool:
        """Always True."""
        return True

    def fit(self, region_probabilities: Float32, present: Bool, y: Int64, groups: Int64) -> None:
        """Fit the regression to out-of-fold probabilities."""
        self.model.fit(_log_ratios(region_probabilities, present), y, region_probabilities.shape[2], groups)

    def fuse(self, region_probabilities: Float32, present: Bool) -> Float32:
        """Combine the probabilities of the regions that are present."""
        return self.model.predict(_log_ratios(region_probabilities, present))

    def state(self) -> State:
        """Return the fitted state."""
        return self.model.state()

    def restore(self, state: State) -> None:
        """Restore the fitted state."""
        self.model.restore(state)


def _log_ratios(region_probabilities: Float32, present: Bool) -> Float32:
    """Centred log-ratios [N, R*K] (Aitchison), 0 in absent regions, as of uniform probabilities."""
    logs = np.log(np.maximum(np.where(present[:, :, None], region_probabilities, 1), MIN_PROBABILITY))
    centred = logs - logs.mean(axis=2, keepdims=True)
    return np.asarray(
        centred.reshape(len(region_probabilities), region_probabilities.shape[1] * region_probabilities.shape[2]), np.float32
    )
