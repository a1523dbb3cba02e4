"""The head ``softmax``."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from dysfw.builtin.heads.softmax import GRID, Softmax
from dysfw.types import State


def data(n: int = 90, dim: int = 12, classes: int = 3, seed: int = 0, distance: float = 1.0):
    """Classes as clouds, features of different scales; each image is from a different patient."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    centres = distance * rng.normal(size=(classes, dim))
    x = (rng.normal(size=(n, dim)) + centres[y]) * rng.uniform(0.1, 30, dim) + rng.normal(size=dim) * 10
    return x.astype(np.float32), y.astype(np.int64), np.arange(n)


def fitted(x, y, classes: int, groups, **parameters) -> Softmax:
    head = Softmax(**parameters)
    head.fit(x, y, classes, groups)
    return head


@pytest.mark.parametrize(("C", "tolerance"), [(1e-3, 1e-3), (0.1, 3e-3), (10, 0.02)])
@pytest.mark.parametrize(
    ("n", "dim", "classes"), [(90, 12, 3), (60, 12, 2), (30, 200, 3), (20, 21, 2)], ids=["N>dim", "2", "N<dim", "2, N<dim"]
)
def test_matches_scikit_learn_on_standardised_features(n, dim, classes, C, tolerance) -> None:
    every, y, groups = data(n + 40, dim, classes)
    x, new, y, groups = every[:n], every[n:], y[:n], groups[:n]
    scaler = StandardScaler().fit(x.astype(np.float64))
    reference = LogisticRegression(C=C, class_weight="balanced", max_iter=10_000, tol=1e-8).fit(scaler.transform(x), y)
    found = fitted(x, y, classes, groups, C=C).predict(new)
    assert np.allclose(found, reference.predict_proba(scaler.transform(new)), atol=tolerance)  # the tolerance of the optimiser
    assert found.dtype == np.float32
    assert np.allclose(found.sum(axis=1), 1, atol=1e-6)


def test_inputs_are_not_modified() -> None:
    x, y, groups = data()
    original = x.copy()
    x.flags.writeable = y.flags.writeable = groups.flags.writeable = False
    fitted(x, y, 3, groups).predict(x)
    assert np.array_equal(x, original)


def test_a_class_without_samples_is_neutral() -> None:
    x, y, groups = data(classes=3)
    head = fitted(x, np.array([0, 1, 3])[y], 5, groups, C=0.1)
    logs = np.log(head.predict(x))
    present = logs[:, [0, 1, 3]]
    assert np.allclose(logs[:, [2, 4]], present.mean(axis=1, keepdims=True), atol=1e-4)
    assert np.allclose(present - present.mean(axis=1, keepdims=True), _centred(fitted(x, y, 3, groups, C=0.1), x), atol=1e-4)


def _centred(head: Softmax, x: np.ndarray) -> np.ndarray:
    logs = np.log(head.predict(x))
    return logs - logs.mean(axis=1, keepdims=True)


def test_a_restored_head_is_identical() -> None:
    x, y, groups = data()
    head, other = fitted(x, y, 3, groups), Softmax(C=7)
    other.restore(head.state())
    assert other.predict(x).tobytes() == head.predict(x).tobytes()
    assert other.state().values == head.state().values
    assert all(a.dtype == np.float32 for a in head.state().arrays.values())


@pytest.mark.parametrize("change", ["no coef", "no C", "other dim", "other classes", "flat", "empty"])
def test_a_state_that_does_not_fit_is_refused(change) -> None:
    state = fitted(*data()[:2], 3, data()[2], C=1).state()
    arrays, values = dict(state.arrays), dict(state.values)
    match change:
        case "no coef":
            del arrays["coef"]
        case "no C":
            values = {}
        case "other dim":
            arrays["mean"] = arrays["mean"][1:]
        case "other classes":
            arrays["intercept"] = arrays["intercept"][1:]
        case "flat":
            arrays["coef"] = arrays["coef"].ravel()
        case "empty":
            arrays = {}
    with pytest.raises(ValueError, match="state of another kind of head"):
        Softmax().restore(State(arrays, values))


def test_classes_are_balanced() -> None:
    x, y, groups = data(n=60)
    triple = np.concatenate([np.arange(60), *[np.flatnonzero(y == 0)] * 2])
    # standardised in each class, so that only the balance differs
    for k in range(3):
        x[y == k] = StandardScaler().fit_transform(x[y == k]) + np.eye(3, 12)[k]
    alone, more = fitted(x, y, 3, groups, C=0.01), fitted(x[triple], y[triple], 3, groups[triple], C=0.01)
    assert abs(alone.predict(x) - more.predict(x)).max() < 0.08
    assert np.allclose(more.predict(x).mean(axis=0), 1 / 3, atol=0.04)


def test_fitting_is_deterministic() -> None:
    x, y, groups = data(30, 100)
    first, second = (fitted(x, y, 3, groups).state().arrays for _ in range(2))
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)


def test_constant_features_have_no_effect() -> None:
    x, y, groups = data()
    constant = np.full((len(x), 1), 123.456, np.float32)
    plain, padded = fitted(x, y, 3, groups, C=1), fitted(np.hstack([x, constant]), y, 3, groups, C=1)
    assert np.allclose(plain.predict(x), padded.predict(np.hstack([x, constant])), atol=1e-3)
    assert np.allclose(plain.predict(x), padded.predict(np.hstack([x, constant + 1000])), atol=1e-3)


def test_one_class_is_refused() -> None:
    x, _, groups = data()
    with pytest.raises(ValueError, match="at least two classes"):
        Softmax().fit(x, np.zeros(len(x), np.int64), 3, groups)


def test_an_unfitted_head_raises_an_error() -> None:
    with pytest.raises(ValueError, match="not fitted"):
        Softmax().predict(data()[0])


# Choosing C


def test_hard_data_are_regularised_more_strongly_than_easy_data() -> None:
    easy, hard = (fitted(*_with_classes(data(distance=d))).C_ for d in (3.0, 0.15))
    assert hard < easy
    assert {hard, easy} <= set(GRID)


def _with_classes(data):
    x, y, groups = data
    return x, y, 3, groups


def test_a_given_c_is_used() -> None:
    assert fitted(*_with_classes(data()), C=0.5).C_ == 0.5


def test_c_is_chosen_by_patient_wise_cross_validation() -> None:
    # Each patient has six almost identical images, and the classes hardly differ: only a model that recognises the patient can
    # predict the class.
    rng = np.random.default_rng(0)
    labels = np.arange(20) % 2
    groups = np.repeat(np.arange(20), 6)
    patients = rng.normal(size=(20, 40)) + 0.1 * labels[:, None]
    x = (patients[groups] + 0.05 * rng.normal(size=(120, 40))).astype(np.float32)
    y = labels[groups].astype(np.int64)
    by_patient, by_image = fitted(x, y, 2, groups), fitted(x, y, 2, np.arange(120))
    assert by_patient.C_ < 1e-2 < by_image.C_


def test_two_images_of_each_class_are_enough() -> None:
    x, y, groups = data(4, 20, 2, distance=3)
    assert np.array_equal(fitted(x, y, 2, groups).predict(x).argmax(axis=1), y)


def test_the_error_explains_what_to_do_if_c_cannot_be_chosen() -> None:
    x, y, _ = data(20, 5, 2)
    with pytest.raises(ValueError, match=r"C cannot be chosen by cross-validation: .*; set C in the recipe"):
        Softmax().fit(x, y, 2, np.zeros(20, np.int64))


def test_the_whole_grid_converges_on_separable_data() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        for distance in (0.0, 1.0, 20.0):
            fitted(*_with_classes(data(60, 300, distance=distance)))
            fitted(*_with_classes(data(60, 8, distance=distance)))
