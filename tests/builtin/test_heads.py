"""Contracts of all heads, and results of the calibrated ones."""

import json
import sys

import numpy as np
import pytest
from safetensors.numpy import load, save
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import log_loss
from sklearn.svm import LinearSVC

from dysfw.builtin.heads.knn import Knn
from dysfw.builtin.heads.lda import Lda
from dysfw.builtin.heads.linear_svm import LinearSvm
from dysfw.builtin.heads.metric_space import MetricSpace
from dysfw.builtin.heads.mlp import Mlp
from dysfw.builtin.heads.temperature import best_temperature, log_softmax
from dysfw.contracts.components import GalleryBased, SupportsLayers
from dysfw.contracts.layers import apply_layers
from dysfw.types import State

HEADS = {"linear_svm": LinearSvm, "lda": Lda, "knn": Knn, "mlp": Mlp}
every_head = pytest.mark.parametrize("make", HEADS.values(), ids=HEADS)


def make_patients(*, classes=4, patients=30, dim=30, distance=1.0, seed=0, controls=1):
    """Two images of each patient; the first class has ``controls`` times as many patients as the others."""
    rng = np.random.default_rng(seed)
    centres = distance * rng.normal(0, 1, (classes, dim))
    y_of = np.repeat(np.arange(classes), [controls * patients, *[patients] * (classes - 1)])
    x_of = centres[y_of] + rng.normal(0, 1.5, (len(y_of), dim))
    groups = np.repeat(np.arange(len(y_of)), 2)
    return (x_of[groups] + rng.normal(0, 0.3, (len(groups), dim))).astype(np.float32), y_of[groups], groups


def split(x, y, groups):
    train_rows = groups % 2 == 0
    return (x[train_rows], y[train_rows], groups[train_rows]), (x[~train_rows], y[~train_rows])


@every_head
def test_new_patients_are_recognised_and_probabilities_are_calibrated(make):
    (x, y, groups), (new, truth) = split(*make_patients(distance=0.6, patients=60))
    head = make()
    head.fit(x, y, 4, groups)
    found = head.predict(new)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    correct = found.argmax(axis=1) == truth
    assert correct.mean() > 0.6
    assert abs(found.max(axis=1).mean() - correct.mean()) < 0.12
    assert log_loss(truth, found) < np.log(4)


@every_head
def test_uninformative_data_give_probabilities_near_uniform(make):
    (x, y, groups), (new, _) = split(*make_patients(distance=0.0, patients=60))
    head = make()
    head.fit(x, y, 4, groups)
    assert head.predict(new).max(axis=1).mean() < 0.5


@every_head
def test_many_controls_do_not_dominate_a_condition(make):
    (x, y, groups), (new, truth) = split(*make_patients(distance=1.0, controls=6))
    head = make()
    head.fit(x, y, 4, groups)
    found = head.predict(new).argmax(axis=1)
    assert min((found[truth == k] == k).mean() for k in range(4)) > 0.5


@every_head
def test_fitting_is_deterministic_and_state_restores_the_head(make):
    (x, y, groups), (new, _) = split(*make_patients())
    first, second, third = make(), make(), make()
    first.fit(x, y, 4, groups)
    second.fit(x, y, 4, groups)
    np.testing.assert_array_equal(first.predict(new), second.predict(new))
    state = first.state()
    arrays = load(save({k: np.ascontiguousarray(v) for k, v in state.arrays.items()}))
    third.restore(State(arrays, json.loads(json.dumps(dict(state.values)))))
    np.testing.assert_array_equal(first.predict(new), third.predict(new))
    assert first.predict(new[:0]).shape == (0, 4)


@every_head
def test_a_class_without_samples_gets_a_probability_but_is_never_first(make):
    x, y, groups = make_patients()
    rows = y != 2
    head = make()
    head.fit(x[rows], y[rows], 4, groups[rows])
    found = head.predict(x)
    assert found.shape[1] == 4
    assert np.isfinite(found).all()
    assert found[:, 2].mean() < 0.35


@every_head
def test_two_classes_with_more_dimensions_than_images(make):
    (x, y, groups), (new, truth) = split(*make_patients(classes=2, patients=20, dim=400, distance=0.5))
    head = make()
    head.fit(x, y, 2, groups)
    assert (head.predict(new).argmax(axis=1) == truth).mean() > 0.8


@every_head
def test_states_of_other_heads_are_refused(make):
    other = Knn if make is not Knn else Lda
    x, y, groups = make_patients()
    fitted = other()
    fitted.fit(x, y, 4, groups)
    with pytest.raises(ValueError, match="another kind of head"):
        make().restore(fitted.state())


@every_head
def test_an_unfitted_head_raises_an_error(make):
    with pytest.raises(ValueError, match="not fitted"):
        make().predict(np.zeros((1, 3), np.float32))


@pytest.mark.parametrize(("make", "parameters"), [
    (LinearSvm, {"C": 0}), (LinearSvm, {"folds": 1}), (Lda, {"shrinkage": 1.1}), (Knn, {"k": 0}), (Knn, {"metric": "far"}),
    (Mlp, {"hidden": 0}), (Mlp, {"dropout": 1}),
])  # fmt: skip
def test_invalid_parameters_are_refused_with_the_allowed_values(make, parameters):
    with pytest.raises(ValueError, match="must be"):
        make(**parameters)


def test_lda_matches_scikit_learn_up_to_a_temperature():
    x, y, groups = make_patients()
    head = Lda()
    head.fit(x, y, 4, groups)
    standard = (x - x.mean(axis=0)) / x.std(axis=0)
    reference = LinearDiscriminantAnalysis("lsqr", shrinkage="auto", priors=[0.25] * 4).fit(standard, y)
    expected = log_softmax(reference.decision_function(standard))
    found = np.log(np.maximum(head.predict(x).astype(float), 1e-30))
    ratio = (expected[:, 1:] - expected[:, :1]) / (found[:, 1:] - found[:, :1])
    usable = found.min(axis=1) > -50
    np.testing.assert_allclose(ratio[usable], np.median(ratio), rtol=1e-2)
    assert np.median(ratio) > 0


def test_linear_svm_matches_scikit_learn_up_to_a_temperature():
    x, y, groups = make_patients()
    head = LinearSvm(C=1e-3)
    head.fit(x, y, 4, groups)
    standard = (x - x.mean(axis=0)) / x.std(axis=0)
    reference = LinearSVC(C=1e-3, class_weight="balanced", dual="auto", tol=1e-6, max_iter=100_000).fit(standard, y)
    expected, found = reference.decision_function(standard), np.log(head.predict(x).astype(float))
    slopes = (found - found.mean(axis=1, keepdims=True)) / (expected - expected.mean(axis=1, keepdims=True))
    np.testing.assert_allclose(slopes, np.median(slopes), rtol=0.05)


def test_neighbors_are_weighted_by_the_frequency_of_their_condition():
    x = np.array([[1, 0], [0.9, 0.1], [0.8, 0.2], [0, 1]], np.float32)
    head = Knn(k=4, metric="plain")
    head.fit(x, np.array([0, 0, 0, 1]), 2, np.arange(4))
    found = head.predict(np.array([[1, 0.1]], np.float32))[0]
    assert found[0] == pytest.approx(found[1])  # three cases of weight 1/3 each, and one of weight 1
    assert isinstance(head, GalleryBased)


def test_within_class_differences_count_less():
    """Two conditions differ along one axis; within both, people vary much more along another."""
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    x = np.column_stack([y + rng.normal(0, 0.2, 200), rng.normal(0, 10, 200)]).astype(np.float32)

    def separation(metric):
        vectors = MetricSpace.of(x, y, metric).unit_vectors(x)
        cosines = vectors @ vectors.T
        return cosines[y[:, None] == y].mean() - cosines[y[:, None] != y].mean()

    assert separation("within") > separation("standard") > separation("plain")


def test_single_cases_have_no_within_class_covariance():
    x = np.random.default_rng(0).normal(0, 1, (5, 3)).astype(np.float32)
    within, standard = (MetricSpace.of(x, np.arange(5), metric) for metric in ("within", "standard"))
    np.testing.assert_array_equal(within.unit_vectors(x), standard.unit_vectors(x))


def test_the_temperature_recovers_a_known_scale():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 3))
    y = np.array([rng.choice(3, p=np.exp(row)) for row in log_softmax(logits)])
    temperature, loss = best_temperature(7 * logits, y)
    assert temperature == pytest.approx(7, rel=0.05)
    assert loss < best_temperature(rng.permutation(logits), y)[1]


def test_a_fitted_mlp_does_not_need_torch(monkeypatch):
    x, y, groups = make_patients()
    head, other = Mlp(), Mlp()
    head.fit(x, y, 4, groups)
    monkeypatch.setitem(sys.modules, "torch", None)  # importing it now fails
    other.restore(head.state())
    np.testing.assert_array_equal(other.predict(x), head.predict(x))


@pytest.mark.parametrize("make", [Lda, Knn, Mlp, lambda: LinearSvm(C=0.001)], ids=["lda", "knn", "mlp", "svm"])
def test_too_few_patients_for_folds_are_allowed(make):
    rng = np.random.default_rng(0)
    head = make()
    head.fit(rng.normal(0, 1, (4, 6)).astype(np.float32), np.array([0, 0, 1, 1]), 2, np.array([0, 0, 1, 1]))
    assert np.isfinite(head.predict(rng.normal(0, 1, (2, 6)).astype(np.float32))).all()


@every_head
def test_layers_match_predict_for_every_head(make):
    (x, y, groups), (new, _) = split(*make_patients())
    head = make()
    head.fit(x, y, 4, groups)
    assert isinstance(head, SupportsLayers)
    np.testing.assert_allclose(apply_layers(head.layers(), new), head.predict(new), rtol=1e-6)
    with pytest.raises(ValueError, match="not fitted"):
        make().layers()
