"""The head ``knn``."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from ...contracts.components import Layer
from ...contracts.layers import Affine, Logarithm, NeighborVote, NormalizeSum
from ...types import Int64, State
from .gallery_based import GalleryHead, fit_temperature
from .metric_space import Float64, Metric

K_GRID = (1, 3, 5, 9, 15, 25, 45)
MAX_K = 1000
FLOOR = 0.05  # share of a condition without neighbors, as a fraction of the uniform share


class Knn(GalleryHead):
    """Classifies by the ``k`` nearest gallery cases in cosine similarity (Cover and Hart, IEEE Trans Inf Theory 1967;13:21).

    Neighbors are weighted inversely to the number of cases of their condition, so that all conditions count equally. A
    temperature, fitted by patient-wise cross-validation, turns their shares into probabilities.

    Args:
        k: Number of neighbors, 1 to 1,000. Null chooses among 1, 3, 5, 9, 15, 25 and 45 by the log loss of the
            cross-validation.
        metric: "within", "standard" or "plain", as in ``gallery``.
    """

    def __init__(self, k: Annotated[int, Field(ge=1, le=MAX_K)] | None = None, metric: Metric = "within") -> None:
        if k is not None and not 1 <= k <= MAX_K:
            raise ValueError(f"k must be from 1 to {MAX_K}, found {k}")
        super().__init__(metric)
        self._fixed_k, self._k = k, k or 1

    def tune(self) -> float:
        """Choose ``k`` and the temperature."""
        results = {}
        for k in (self._fixed_k,) if self._fixed_k else K_GRID:
            self._k = k
            results[k] = fit_temperature(*self.out_of_fold_scores())
        self._k = min(results, key=lambda k: results[k][1])
        return results[self._k][0]

    def scoring_layers(self, gallery: Float64, y: Int64) -> tuple[Layer, ...]:
        """Return layers that count the nearest neighbors by condition."""
        vote = NeighborVote(self._k, y, 1 / np.bincount(y)[y], self._classes)
        return Affine(gallery), vote, NormalizeSum(), Logarithm(FLOOR / self._classes)

    def state(self) -> State:
        """Return the fitted state."""
        state = super().state()
        return State(state.arrays, {**state.values, "k": self._k})

    def restore(self, state: State) -> None:
        """Restore the fitted state."""
        k = state.values.get("k")
        if not isinstance(k, int) or k < 1:
            raise ValueError(f"state of another kind of head: k is {k!r}")
        super().restore(state)
        self._k = k
