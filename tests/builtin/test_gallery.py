"""The head ``gallery``."""

import numpy as np
import pytest

from dysfw.builtin.heads.gallery import Gallery, _impostor_means
from dysfw.contracts.components import GalleryBased


def clusters(*, classes=4, patients=6, images=2, dim=20, std=0.5, seed=0):
    """Embeddings around one direction for each class; x, y, groups."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 1, (classes, dim))
    y = np.repeat(np.arange(classes), patients * images)
    groups = np.repeat(np.arange(classes * patients), images)
    of_patient = rng.normal(0, std, (classes * patients, dim))[groups]
    return (centres[y] + of_patient + rng.normal(0, 0.1, (len(y), dim))).astype(np.float32), y, groups


def fitted(x, y, groups, classes=None, **parameters) -> Gallery:
    head = Gallery(**parameters)
    head.fit(x, y, classes or int(y.max()) + 1, groups)
    return head


@pytest.mark.parametrize("by", ["nearest", "mean"])
@pytest.mark.parametrize("metric", ["within", "standard", "plain"])
def test_new_faces_of_known_conditions_are_recognised(by, metric):
    x, y, groups = clusters(std=0.4)
    train_rows = groups % 6 < 4
    head = fitted(x[train_rows], y[train_rows], groups[train_rows], by=by, metric=metric)
    found = head.predict(x[~train_rows])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert (found.argmax(axis=1) == y[~train_rows]).mean() > 0.9


def test_the_nearest_case_decides():
    x = np.eye(3, dtype=np.float32)
    head = fitted(x, np.array([0, 1, 1]), np.arange(3), by="nearest", metric="plain", temperature=0.1)
    near_third = np.array([[0.1, 0.0, 1.0]], np.float32)
    cosine = near_third @ x.T / np.linalg.norm(near_third)
    scores = np.array([cosine[0, 0], max(cosine[0, 1:])]) / 0.1
    np.testing.assert_allclose(head.predict(near_third)[0], np.exp(scores) / np.exp(scores).sum(), rtol=1e-4)
    np.testing.assert_allclose(head.similarity(near_third), cosine, atol=1e-6)


def test_the_mean_of_a_conditions_cases_decides():
    x = np.array([[1, 0.2], [1, -0.2], [0, 1]], np.float32)
    head = fitted(x, np.array([0, 0, 1]), np.arange(3), by="mean", metric="plain", temperature=0.5)
    scores = np.array([1.0, 0.0]) / 0.5  # along the mean of the first two
    np.testing.assert_allclose(
        head.predict(np.array([[3, 0]], np.float32))[0], np.exp(scores) / np.exp(scores).sum(), rtol=1e-4
    )


def test_the_temperature_is_fitted_on_other_patients():
    """Each patient has two almost equal images; their similarity must not make the head overconfident."""
    x, y, groups = clusters(patients=40, std=3.0)  # the classes hardly differ
    train_rows = groups % 40 < 20

    def log_loss(patients):
        found = fitted(x[train_rows], y[train_rows], patients[train_rows], by="nearest", metric="plain").predict(x[~train_rows])
        return -np.log(found[np.arange(len(found)), y[~train_rows]]).mean()

    assert log_loss(groups) < np.log(4) < log_loss(np.arange(len(y)))


def test_one_case_is_enough_and_a_condition_without_cases_is_least_probable():
    x, y, groups = clusters()
    rows = (y != 3) | (np.arange(len(y)) == len(y) - 1)
    head = fitted(x[rows], y[rows], groups[rows], classes=5)
    assert head.predict(x[-1:]).argmax() == 3
    assert head.predict(x)[:, 4].max() < 0.01


def test_cases_and_predictions_survive_restoring_the_state():
    x, y, groups = clusters()
    head = fitted(x, y, groups)
    assert isinstance(head, GalleryBased)
    np.testing.assert_array_equal(head.cases().x, x)
    other = Gallery()
    other.restore(head.state())
    np.testing.assert_array_equal(other.predict(x), head.predict(x))


@pytest.mark.parametrize(
    "change", [{"x": np.zeros((3, 2), np.float32)}, {"y": np.array([9] * 48)}, {"y": np.zeros(0, np.int64)}]
)
def test_a_state_that_does_not_fit_is_refused(change):
    state = fitted(*clusters()).state()
    broken = type(state)(dict(state.arrays) | change, state.values)
    with pytest.raises(ValueError, match="another kind of head"):
        Gallery().restore(broken)


def test_a_temperature_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"from 0.005 to 2.0, found 3"):
        Gallery(temperature=3)


def test_one_patient_per_condition_is_allowed():
    x, y, groups = clusters(patients=1)
    assert np.isfinite(fitted(x, y, groups).predict(x)).all()


def test_impostor_means_count_every_other_condition_equally():
    rng = np.random.default_rng(0)
    y, scores = rng.integers(0, 9, 80), rng.normal(size=(80, 10))  # no image shows the last condition
    expected = [np.mean([scores[y == other, k].mean() for other in np.unique(y[y != k])]) for k in range(10)]
    assert _impostor_means(scores, y) == pytest.approx(expected)
    assert _impostor_means(scores[:1], y[:1])[y[0]] == 0
