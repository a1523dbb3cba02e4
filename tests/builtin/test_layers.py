"""Elementary layers of heads, compared with NumPy."""

import numpy as np
import pytest

from dysfw.builtin.heads.gallery import Gallery
from dysfw.builtin.heads.lda import Lda
from dysfw.builtin.heads.softmax import Softmax as SoftmaxHead
from dysfw.builtin.heads.two_stage import TwoStageHead
from dysfw.contracts.components import Head, SupportsLayers
from dysfw.contracts.layers import (
    Affine,
    L2Normalize,
    Logarithm,
    NeighborVote,
    NormalizeSum,
    Pool,
    ReLU,
    Softmax,
    Standardize,
    TwoStage,
    apply_layers,
)

X = np.array([[1.0, -2.0, 3.0, 0.0], [0.0, 0.0, 0.0, 0.0]], np.float32)
GROUPS = np.array([2, 0, 2, 0])


@pytest.mark.parametrize(("layer", "expected"), [
    (Standardize(1.0, 2.0), [[0, -1.5, 1, -0.5], [-0.5] * 4]),
    (Affine(np.array([[1, 1, 0, 0], [0, 0, 2, 0]], np.float32), np.array([10, 20], np.float32)), [[9, 26], [10, 20]]),
    (Affine(np.ones((1, 4), np.float32)), [[2], [0]]),
    (ReLU(), [[1, 0, 3, 0], [0] * 4]),
    (L2Normalize(), [[1 / 14**0.5, -2 / 14**0.5, 3 / 14**0.5, 0], [0] * 4]),
    (Pool(GROUPS, 3, "sum", -7.0), [[-2, -7, 4], [0, -7, 0]]),
    (Pool(GROUPS, 3, "max", -7.0), [[0, -7, 3], [0, -7, 0]]),
    (NeighborVote(2, GROUPS, np.array([1, 2, 4, 8.0]), 3), [[0, 0, 5], [2, 0, 1]]),  # ties go to the first two
    (NeighborVote(9, GROUPS, np.ones(4), 3), [[2, 0, 2], [2, 0, 2]]),
    (Logarithm(3.0), np.log([[4, 1, 6, 3], [3] * 4])),
    (Softmax(), [np.exp(X[0]) / np.exp(X[0]).sum(), [0.25] * 4]),
], ids=lambda value: type(value).__name__ if not isinstance(value, list) else "")  # fmt: skip
def test_layers_compute_their_formula(layer, expected):
    np.testing.assert_allclose(layer(X), expected, rtol=1e-6)


def test_shares_sum_to_one():
    np.testing.assert_allclose(NormalizeSum()(np.array([[1.0, 3.0], [0.0, 2.0]])), [[0.25, 0.75], [0, 1]])


def test_two_stage_multiplies_probabilities_under_equal_priors():
    affected, condition = (Affine(np.zeros((2, 4), np.float32), np.array(p, np.float32)) for p in ([0.8, 0.2], [0.75, 0.25]))
    found = TwoStage((affected,), (condition,), index=1)(X)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [np.array([0.8 * 2 * 0.75, 0.2, 0.8 * 2 * 0.25]) / 1.8] * 2, rtol=1e-6)


def test_results_are_float32_until_a_layer_has_float64_arrays():
    assert apply_layers((Standardize(0.0, 2.0), ReLU(), L2Normalize()), X).dtype == np.float32
    assert apply_layers((Standardize(np.zeros(4), np.ones(4)), ReLU()), X).dtype == np.float64


@pytest.mark.parametrize("make", [
    lambda: SoftmaxHead(C=0.1), Gallery, lambda: Gallery(by="nearest", metric="plain"), lambda: TwoStageHead(Lda(), Gallery()),
], ids=["softmax", "gallery", "nearest", "two_stage"])  # fmt: skip
def test_layers_match_the_predictions_of_heads(make):
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(3), 10)
    x = (rng.normal(0, 1, (3, 6))[y] + rng.normal(0, 1, (30, 6))).astype(np.float32)
    head = make()
    head.prepare(("control", "a", "b"))
    head.fit(x, y, 3, np.arange(30) // 2)
    assert isinstance(head, SupportsLayers)
    np.testing.assert_allclose(apply_layers(head.layers(), x), head.predict(x), rtol=1e-6)


def test_two_stage_supports_layers_only_if_both_heads_do():
    class Opaque(Head):
        fit = predict = state = restore = None

    head = TwoStageHead(Opaque(), Opaque())
    head.prepare(("control", "a", "b"))
    with pytest.raises(ValueError, match="the head Opaque inside two_stage does not support layers"):
        head.layers()
