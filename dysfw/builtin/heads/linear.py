"""Base class of the linear heads.

Linear heads standardise embeddings and weight every class equally, so their probabilities assume that all conditions are
equally common.
"""

from __future__ import annotations

from abc import abstractmethod
from contextlib import nullcontext

import numpy as np
import numpy.typing as npt

from ...contracts.components import Head, Layer
from ...contracts.layers import Affine, Softmax, Standardize, apply_layers
from ...types import Float32, Int64, State
from ...util.threads import one_thread

Float64 = npt.NDArray[np.float64]
ARRAYS = ("mean", "scale", "coef", "intercept")
MANY = 1e8  # numbers times classes, from which several threads are worth it
LARGE = 1000  # rows above which their span is found by an eigendecomposition
NO_VARIANCE = 1e-12  # of the largest; such directions are rounding errors of float32, which a covariance would magnify


class LinearHead(Head):
    """A head with linear logits on standardised embeddings. Subclasses implement ``solve``.

    Attributes:
        C_: Inverse regularisation strength used by ``fit``; 0 if the head has none or is not fitted.
        mean: float32 [dim], mean of the training embeddings.
        scale: float32 [dim], standard deviation of the training embeddings.
        coef: float32 [K, dim], coefficients of the logits.
        intercept: float32 [K], intercepts of the logits.
    """

    def __init__(self) -> None:
        self.C_ = 0.0
        self.mean: Float32 = np.empty(0, np.float32)
        self.scale: Float32 = np.empty(0, np.float32)
        self.coef: Float32 = np.empty((0, 0), np.float32)
        self.intercept: Float32 = np.empty(0, np.float32)

    @abstractmethod
    def solve(self, points: Float64, y: Int64, groups: Int64, classes: int) -> tuple[Float64, Float64]:
        """Fit the logits and set ``C_``.

        Args:
            points: float64 [N, D], standardised embeddings in coordinates of their span; see ``project_to_span``.
            y: int64 [N], the classes; at least two different ones.
            groups: int64 [N], the patients.
            classes: Number of classes, K.

        Returns:
            float64 [K, D], the coefficients, and float64 [K], the intercepts.
        """

    def fit(self, x: Float32, y: Int64, classes: int, groups: Int64) -> None:
        """Fit the head."""
        if len(np.unique(y)) < 2:
            raise ValueError("a classifier needs samples of at least two classes")
        mean = x.mean(axis=0, dtype=np.float64)
        std = x.std(axis=0, dtype=np.float64)
        std[std < 1e-12] = 1.0
        if not (np.isfinite(mean).all() and np.isfinite(std).all()):
            raise ValueError("the embeddings must be finite numbers")
        with one_thread() if x.size * classes < MANY else nullcontext():
            standardized = x - mean
            standardized /= std
            points, basis = project_to_span(standardized)
            coef, intercept = self.solve(points, y, groups, classes)
        self.mean, self.scale = mean.astype(np.float32), std.astype(np.float32)
        in_dimensions = coef if basis is None else coef @ basis
        self.coef, self.intercept = in_dimensions.astype(np.float32), intercept.astype(np.float32)

    def predict(self, x: Float32) -> Float32:
        """Predict probabilities."""
        return np.asarray(apply_layers(self.layers(), x), np.float32)

    def layers(self) -> tuple[Layer, ...]:
        """Return the layers that compute ``predict``."""
        if not self.coef.size:
            raise ValueError("this head is not fitted")
        return Standardize(self.mean, self.scale), Affine(self.coef, self.intercept), Softmax()

    def state(self) -> State:
        """Return the fitted state."""
        arrays = {"mean": self.mean, "scale": self.scale, "coef": self.coef, "intercept": self.intercept}
        return State(arrays, {"C": self.C_})

    def restore(self, state: State) -> None:
        """Restore the fitted state."""
        shapes = {name: np.shape(state.arrays.get(name, ())) for name in ARRAYS}
        dim, classes = shapes["coef"][::-1] if len(shapes["coef"]) == 2 else (0, 0)
        fits = shapes == {"mean": (dim,), "scale": (dim,), "coef": (classes, dim), "intercept": (classes,)}
        if not dim or not fits or "C" not in state.values:
            raise ValueError(f"state of another kind of head: {shapes}")
        self.mean, self.scale, self.coef, self.intercept = (state.arrays[name].astype(np.float32) for name in ARRAYS)
        self.C_ = float(str(state.values["C"]))


def project_to_span(standardized: Float64) -> tuple[Float64, Float64 | None]:
    """Express rows in an orthonormal basis of their span: in their principal axes, if their mean is 0.

    An L2 penalty is invariant to rotations, so a fit in these coordinates gives the same classifier. It is much cheaper if
    there are fewer images than dimensions, which is typical.

    Args:
        standardized: float64 [N, dim].

    Returns:
        float64 [N, D], the coordinates, and float64 [D, dim], the basis. None stands for all dimensions, unrotated, if there
        are at least as many rows: an identity of thousands of dimensions would fill the memory.
    """
    n, dim = standardized.shape
    if n >= dim:
        return standardized, None
    if n <= LARGE:
        u, s, basis = np.linalg.svd(standardized, full_matrices=False)
        s[s**2 <= NO_VARIANCE * s[0] ** 2] = 0
        return u * s, basis
    # A tenth of the time of the decomposition above. Squares have half of the digits, which is what float32 embeddings have.
    squares, u = np.linalg.eigh(standardized @ standardized.T)
    s = np.sqrt(np.where(squares > NO_VARIANCE * squares[-1], squares, 0))[::-1]
    u = u[:, ::-1]
    coordinates: Float64 = u * s
    return coordinates, np.divide(u.T @ standardized, s[:, None], out=np.zeros((n, dim)), where=s[:, None] > 0)


def expand_to_all_classes(coef: Float64, intercept: Float64, present: Int64, classes: int) -> tuple[Float64, Float64]:
    """Add the classes without samples. They get the mean of the others, which makes their logits neutral.

    Args:
        coef: float64 [P, D], coefficients of the P classes present, or [1, D] for two classes, as scikit-learn returns them.
        intercept: float64 [P] or [1], their intercepts.
        present: int64 [P], the classes present.
        classes: Number of classes, K.

    Returns:
        float64 [K, D], the coefficients, and float64 [K], the intercepts.
    """
    if len(coef) == 1:
        coef, intercept = np.vstack([-coef, coef]) / 2, np.concatenate([-intercept, intercept]) / 2
    all_coef = np.tile(coef.mean(axis=0), (classes, 1))
    all_intercept = np.full(classes, intercept.mean())
    all_coef[present], all_intercept[present] = coef, intercept
    return all_coef, all_intercept
