"""What the linear heads share: standardised embeddings, a weight for each class and number, a softmax.

Each weighs every class the same, so their probabilities assume that each condition is equally common.
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from ...contracts.components import Head, Layer
from ...contracts.layers import Affine, Softmax, Standardize, apply_layers
from ...types import Float32, Int64, State

Float64 = npt.NDArray[np.float64]
ARRAYS = ("mean", "scale", "coef", "intercept")


class LinearHead(Head):
    """A subclass finds the weights; see ``solve``. chosen: the strength of its regularisation, 0 before ``fit``."""

    def __init__(self) -> None:
        self.chosen = 0.0
        self.mean: Float32 = np.empty(0, np.float32)
        self.scale: Float32 = np.empty(0, np.float32)
        self.coef: Float32 = np.empty((0, 0), np.float32)  # [K, dim]
        self.intercept: Float32 = np.empty(0, np.float32)

    @abstractmethod
    def solve(self, points: Float64, y: Int64, groups: Int64, classes: int) -> tuple[Float64, Float64]:
        """points float64 [N, D], standardised, in coordinates of their own span; y, groups, classes: as in ``fit``, two or more
        classes -> coefficients [K, D] and intercepts [K] of the logits. Sets ``chosen``."""

    def fit(self, x: Float32, y: Int64, classes: int, groups: Int64) -> None:
        if len(np.unique(y)) < 2:
            raise ValueError("a classifier needs examples of at least two classes")
        mean = x.mean(axis=0, dtype=np.float64)
        std = x.std(axis=0, dtype=np.float64)
        std[std < 1e-12] = 1.0
        # The matrices are small: several BLAS threads would spend their time waiting for one another (6 times as long).
        with threadpool_limits(1):
            points, basis = in_own_span((x - mean) / std)
            coef, intercept = self.solve(points, y, groups, classes)
        self.mean, self.scale = mean.astype(np.float32), std.astype(np.float32)
        self.coef, self.intercept = (coef @ basis).astype(np.float32), intercept.astype(np.float32)

    def predict(self, x: Float32) -> Float32:
        return np.asarray(apply_layers(self.layers(), x), np.float32)

    def layers(self) -> tuple[Layer, ...]:
        """See ``dysfw.contracts.components.Layered``."""
        if not self.coef.size:
            raise ValueError("this head is not fitted")
        return Standardize(self.mean, self.scale), Affine(self.coef, self.intercept), Softmax()

    def state(self) -> State:
        arrays = {"mean": self.mean, "scale": self.scale, "coef": self.coef, "intercept": self.intercept}
        return State(arrays, {"C": self.chosen})

    def restore(self, state: State) -> None:
        shapes = {name: np.shape(state.arrays.get(name, ())) for name in ARRAYS}
        dim, classes = shapes["coef"][::-1] if len(shapes["coef"]) == 2 else (0, 0)
        fits = shapes == {"mean": (dim,), "scale": (dim,), "coef": (classes, dim), "intercept": (classes,)}
        if not dim or not fits or "C" not in state.values:
            raise ValueError(f"state of another kind of head: {shapes}")
        self.mean, self.scale, self.coef, self.intercept = (state.arrays[name].astype(np.float32) for name in ARRAYS)
        self.chosen = float(str(state.values["C"]))


def in_own_span(standard: Float64) -> tuple[Float64, Float64]:
    """Coordinates of the rows in an orthonormal basis of what they span, and that basis.

    An L2 penalty does not see rotations, so fitting there gives the same classifier, and with fewer photographs than
    dimensions (the usual case) it is many times cheaper.
    """
    n, dim = standard.shape
    if n >= dim:
        return standard, np.eye(dim)
    u, s, basis = np.linalg.svd(standard, full_matrices=False)
    return u * s, basis


def for_all_classes(coef: Float64, intercept: Float64, present: Int64, classes: int) -> tuple[Float64, Float64]:
    """Coefficients [K, D] and intercepts [K] from those of the classes ``present``. A class without an example gets the mean of
    the others': the head has then no opinion for or against it."""
    if len(coef) == 1:  # scikit-learn's form for two classes
        coef, intercept = np.vstack([-coef, coef]) / 2, np.concatenate([-intercept, intercept]) / 2
    all_coef = np.tile(coef.mean(axis=0), (classes, 1))
    all_intercept = np.full(classes, intercept.mean())
    all_coef[present], all_intercept[present] = coef, intercept
    return all_coef, all_intercept
