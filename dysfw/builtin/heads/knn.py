"""Classifies by a vote of the nearest known cases."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from ...contracts.components import Layer
from ...contracts.layers import Logarithm, NeighborVote, NormalizeSum
from ...types import Int64, State
from .gallery_based import GalleryHead, tuned_temperature
from .metric_space import Float64, Metric

CHOICES = (1, 3, 5, 9, 15, 25, 45)
MOST = 1000
FLOOR = 0.05  # of an equal share: what a condition has that none of the neighbours has


class Knn(GalleryHead):
    """The ``k`` nearest known cases by cosine similarity vote (Cover and Hart, IEEE Trans Inf Theory 1967;13:21); a case of a
    condition with many cases has less of a vote, so that every condition weighs the same.

    Shares of the votes become probabilities by one temperature, fitted with each patient held against the others. k: 1 to
    1,000; None chooses among 1, 3, 5, 9, 15, 25 and 45 by the log loss, in the same way. metric: "within", "standard" or
    "plain", as in ``gallery``.
    """

    def __init__(self, k: Annotated[int, Field(ge=1, le=MOST)] | None = None, metric: Metric = "within") -> None:
        if k is not None and not 1 <= k <= MOST:
            raise ValueError(f"k must be from 1 to {MOST}, found {k}")
        super().__init__(metric)
        self._asked, self._k = k, k or 1

    def tuned(self) -> float:
        tried = {}
        for k in (self._asked,) if self._asked else CHOICES:
            self._k = k
            tried[k] = tuned_temperature(*self.out_of_fold_scores())
        self._k = min(tried, key=lambda k: tried[k][1])
        return tried[self._k][0]

    def scoring(self, known: Float64, y: Int64) -> tuple[Layer, ...]:
        return NeighborVote(self._k, y, 1 / np.bincount(y)[y], self._classes), NormalizeSum(), Logarithm(FLOOR / self._classes)

    def state(self) -> State:
        state = super().state()
        return State(state.arrays, {**state.values, "k": self._k})

    def restore(self, state: State) -> None:
        k = state.values.get("k")
        if not isinstance(k, int) or k < 1:
            raise ValueError(f"state of another kind of head: k is {k!r}")
        super().restore(state)
        self._k = k
