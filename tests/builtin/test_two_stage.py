"""The head ``two_stage``."""

import numpy as np
import pytest

from dysfw.builtin.heads.softmax import Softmax
from dysfw.builtin.heads.two_stage import TwoStageHead

LABELS = ("ape", "bat", "control", "cat")


def data(seed=0):
    """The affected share one direction; their conditions differ in others. x, y, groups: one image for each patient."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(4), (30, 30, 90, 30))
    x = rng.normal(0, 1, (len(y), 8))
    x[:, 0] += 3 * (y != 2)
    for k in (0, 1, 3):
        x[y == k, 1 + k] += 4
    return x.astype(np.float32), y, np.arange(len(y))


@pytest.fixture
def two_stage():
    head = TwoStageHead(Softmax(C=0.1), Softmax(C=0.1))
    head.prepare(LABELS)
    return head


def test_probabilities_of_both_stages_are_multiplied(two_stage):
    x, y, groups = data()
    two_stage.fit(x, y, 4, groups)
    found = two_stage.predict(x)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert (found.argmax(axis=1) == y).mean() > 0.9
    first, second = Softmax(C=0.1), Softmax(C=0.1)
    first.fit(x, (y == 2).astype(np.int64), 2, groups)
    second.fit(x[y != 2], np.array([0, 1, 9, 2])[y[y != 2]], 3, groups[y != 2])
    affected, unaffected = first.predict(x).T
    by_hand = np.column_stack([3 * affected[:, None] * second.predict(x), unaffected])[:, [0, 1, 3, 2]]
    np.testing.assert_allclose(found, by_hand / by_hand.sum(axis=1, keepdims=True), atol=1e-5)


def test_an_uninformative_face_gets_uniform_probabilities(two_stage):
    """As in all heads, the unaffected are as common as any one condition."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, (4000, 2)).astype(np.float32), np.arange(4000) % 4
    two_stage.fit(x, y, 4, np.arange(4000))
    np.testing.assert_allclose(two_stage.predict(np.zeros((1, 2), np.float32)), [[0.25] * 4], atol=0.03)


def test_a_restored_head_predicts_the_same(two_stage):
    x, y, groups = data()
    two_stage.fit(x, y, 4, groups)
    other = TwoStageHead(Softmax(), Softmax())
    other.prepare(LABELS)
    other.restore(two_stage.state())
    np.testing.assert_array_equal(other.predict(x), two_stage.predict(x))


def test_a_state_of_another_head_is_refused(two_stage):
    x, y, groups = data()
    softmax = Softmax(C=1)
    softmax.fit(x, y, 4, groups)
    with pytest.raises(ValueError, match="it has no values for 'affected'"):
        two_stage.restore(softmax.state())


@pytest.mark.parametrize(("unaffected", "labels", "message"), [
    (None, ("ape", "bat", "cat"), "cannot tell which of the labels ape, bat, cat means unaffected"),
    ("contrl", LABELS, "no label is called 'contrl' .*did you mean 'control'"),
    (None, ("ape", "control"), "needs at least two conditions besides the unaffected"),
])  # fmt: skip
def test_labels_without_two_stages_are_refused(unaffected, labels, message):
    with pytest.raises(ValueError, match=message):
        TwoStageHead(Softmax(), Softmax(), unaffected).prepare(labels)


def test_predicting_without_labels_raises_an_error():
    with pytest.raises(ValueError, match="has no labels yet"):
        TwoStageHead(Softmax(), Softmax()).predict(np.zeros((1, 2), np.float32))
