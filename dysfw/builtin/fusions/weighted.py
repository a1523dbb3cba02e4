"""The fusion ``weighted``."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from ...contracts.components import Fusion
from ...types import Bool, Float32, Int64, State
from ...util.text import closest, listed
from .pools import normalize_rows

# Penalty on the squared logarithms of the fitted weights, in units of the mean log loss. It keeps seven weights from
# overfitting to two hundred images and hardly matters if the evidence is clear.
PENALTY = 0.01


class Weighted(Fusion):
    """Linear opinion pool with one weight for each region.

    Args:
        weights: Weight of each region by name, 0 or more and not all 0; other regions get weight 0. Null fits the weights: they
            minimise the class-balanced log loss of the fused out-of-fold probabilities, slightly regularised towards equality.
    """

    def __init__(self, weights: dict[str, float] | None = None) -> None:
        if weights is not None and not (all(0 <= w < np.inf for w in weights.values()) and any(weights.values())):
            raise ValueError(f"weights must be finite, >= 0 and not all 0, found {weights}")
        self.weights_by_region = weights
        self.shares: Float32 = np.empty(0, np.float32)  # [R]

    @property
    def needs_fit(self) -> bool:
        """True if no weights are given."""
        return self.weights_by_region is None

    def prepare(self, regions: tuple[str, ...]) -> None:
        """Receive the regions.

        Raises:
            ValueError: ``weights`` names another region.
        """
        if self.weights_by_region is None:
            return
        for name in self.weights_by_region:
            if name not in regions:
                raise ValueError(f"weights: no region {name!r}{closest(name, regions)}; the segmenter has: {listed(regions)}")
        self.shares = np.array([self.weights_by_region.get(name, 0.0) for name in regions], np.float32)

    def fit(self, region_probabilities: Float32, present: Bool, y: Int64, groups: Int64) -> None:
        """Fit the weights to out-of-fold probabilities, unless they are given."""
        if self.weights_by_region is not None:
            return
        regions = region_probabilities.shape[1]
        # [N, R], the probability of the true class in each region
        of_true_class = np.where(present, region_probabilities[np.arange(len(y)), :, y], 0).astype(np.float64)
        balance = 1 / np.bincount(y)[y]
        balance /= balance.sum()

        def loss(log_weights: Float32) -> float:
            weights = np.exp(log_weights)
            fused = of_true_class @ weights / (present @ weights)
            return float(-(balance * np.log(np.maximum(fused, 1e-9))).sum() + PENALTY * np.square(log_weights).sum())

        fitted = np.exp(minimize(loss, np.zeros(regions), method="L-BFGS-B", bounds=[(-6, 6)] * regions).x)
        self.shares = (fitted / fitted.sum()).astype(np.float32)

    def fuse(self, region_probabilities: Float32, present: Bool) -> Float32:
        """Combine the probabilities of the regions that are present."""
        if len(self.shares) != region_probabilities.shape[1]:
            raise ValueError("this fusion is not fitted, or its weights are for other regions")
        effective = self.shares * present
        # if only regions of weight 0 are present, they count equally
        effective = np.where(effective.sum(axis=1, keepdims=True) > 0, effective, present)
        safe_probabilities = np.where(present[:, :, None], region_probabilities, 0)
        return normalize_rows(np.einsum("nr,nrk->nk", effective, safe_probabilities).astype(np.float32))

    def state(self) -> State:
        """Return the weights."""
        return State({"shares": self.shares})

    def restore(self, state: State) -> None:
        """Restore the weights."""
        if "shares" not in state.arrays or state.arrays["shares"].ndim != 1:
            raise ValueError("state of another kind of fusion")
        self.shares = state.arrays["shares"].astype(np.float32)
