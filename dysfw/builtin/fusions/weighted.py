"""A weighted average of the regions, with weights that somebody gives or that held-out votes teach."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from ...contracts.components import Fusion
from ...types import Bool, Float32, Int64, State
from ...util.text import closest, listed
from .pools import normalised

# Strength with which learned weights are held to equality, in units of the mean log loss. It keeps seven weights from
# over-reading two hundred votes and vanishes beside clear evidence.
HOLD = 0.01


class Weighted(Fusion):
    """Linear opinion pool with one weight for each region.

    weights: by region name, each >= 0 and not all 0; regions not named weigh 0. None learns them: the weights that
    minimise the class-balanced log loss of the fused out-of-fold votes, held slightly to equality.
    """

    def __init__(self, weights: dict[str, float] | None = None) -> None:
        if weights is not None and not (all(0 <= w < np.inf for w in weights.values()) and any(weights.values())):
            raise ValueError(f"weights must be finite, >= 0 and not all 0, found {weights}")
        self.given = weights
        self.shares: Float32 = np.empty(0, np.float32)  # [R]

    @property
    def needs_fit(self) -> bool:
        return self.given is None

    def prepare(self, regions: tuple[str, ...]) -> None:
        if self.given is None:
            return
        for name in self.given:
            if name not in regions:
                raise ValueError(f"weights: no region {name!r}{closest(name, regions)}; the segmenter has: {listed(regions)}")
        self.shares = np.array([self.given.get(name, 0.0) for name in regions], np.float32)

    def fit(self, region_probabilities: Float32, present: Bool, y: Int64, groups: Int64) -> None:
        if self.given is not None:
            return
        regions = region_probabilities.shape[1]
        # [N, R]: what each region gave the true class
        right = np.where(present, region_probabilities[np.arange(len(y)), :, y], 0).astype(np.float64)
        balance = 1 / np.bincount(y)[y]
        balance /= balance.sum()

        def loss(log_weights: Float32) -> float:
            weights = np.exp(log_weights)
            fused = right @ weights / (present @ weights)
            return float(-(balance * np.log(np.maximum(fused, 1e-9))).sum() + HOLD * np.square(log_weights).sum())

        learned = np.exp(minimize(loss, np.zeros(regions), method="L-BFGS-B", bounds=[(-6, 6)] * regions).x)
        self.shares = (learned / learned.sum()).astype(np.float32)

    def fuse(self, region_probabilities: Float32, present: Bool) -> Float32:
        if len(self.shares) != region_probabilities.shape[1]:
            raise ValueError("these weights are not learned yet, or for other regions")
        effective = self.shares * present
        # where only regions of weight 0 are present, they are all there is to go by
        effective = np.where(effective.sum(axis=1, keepdims=True) > 0, effective, present)
        safe_probabilities = np.where(present[:, :, None], region_probabilities, 0)
        return normalised(np.einsum("nr,nrk->nk", effective, safe_probabilities).astype(np.float32))

    def state(self) -> State:
        return State({"shares": self.shares})

    def restore(self, state: State) -> None:
        if "shares" not in state.arrays or state.arrays["shares"].ndim != 1:
            raise ValueError("state of another kind of fusion")
        self.shares = state.arrays["shares"].astype(np.float32)
