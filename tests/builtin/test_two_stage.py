"""The head in two stages."""

import numpy as np
import pytest

from dysfw.builtin.heads.softmax import Softmax
from dysfw.builtin.heads.two_stage import TwoStageHead

LABELS = ("ape", "bat", "control", "cat")


def data(seed=0):
    """The affected share one direction, on which their conditions differ in others. x, y, groups: one photograph a patient."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(4), (30, 30, 90, 30))
    x = rng.normal(0, 1, (len(y), 8))
    x[:, 0] += 3 * (y != 2)
    for k in (0, 1, 3):
        x[y == k, 1 + k] += 4
    return x.astype(np.float32), y, np.arange(len(y))


@pytest.fixture
def gate():
    head = TwoStageHead(Softmax(C=0.1), Softmax(C=0.1))
    head.prepare(LABELS)
    return head


def test_probabilities_of_both_stages_are_multiplied(gate):
    x, y, groups = data()
    gate.fit(x, y, 4, groups)
    found = gate.predict(x)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert (found.argmax(axis=1) == y).mean() > 0.9
    first, second = Softmax(C=0.1), Softmax(C=0.1)
    first.fit(x, (y == 2).astype(np.int64), 2, groups)
    second.fit(x[y != 2], np.array([0, 1, 9, 2])[y[y != 2]], 3, groups[y != 2])
    affected, unaffected = first.predict(x).T
    by_hand = np.column_stack([3 * affected[:, None] * second.predict(x), unaffected])[:, [0, 1, 3, 2]]
    np.testing.assert_allclose(found, by_hand / by_hand.sum(axis=1, keepdims=True), atol=1e-5)


def test_an_uninformative_face_gets_uniform_probabilities(gate):
    """As all heads say it: the unaffected are as common as any one condition."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, (4000, 2)).astype(np.float32), np.arange(4000) % 4
    gate.fit(x, y, 4, np.arange(4000))
    np.testing.assert_allclose(gate.predict(np.zeros((1, 2), np.float32)), [[0.25] * 4], atol=0.03)


def test_a_restored_head_predicts_the_same(gate):
    x, y, groups = data()
    gate.fit(x, y, 4, groups)
    other = TwoStageHead(Softmax(), Softmax())
    other.prepare(LABELS)
    other.restore(gate.state())
    np.testing.assert_array_equal(other.predict(x), gate.predict(x))


def test_a_state_of_another_head_is_refused(gate):
    x, y, groups = data()
    softmax = Softmax(C=1)
    softmax.fit(x, y, 4, groups)
    with pytest.raises(ValueError, match="says nothing of 'affected'"):
        gate.restore(softmax.state())


@pytest.mark.parametrize(("asked", "labels", "part"), [
    (None, ("ape", "bat", "cat"), "none of the labels ape, bat, cat is plainly that of the unaffected"),
    ("contrl", LABELS, "no label is called 'contrl' .*did you mean 'control'"),
    (None, ("ape", "control"), "needs two conditions beside the unaffected"),
])  # fmt: skip
def test_labels_without_two_stages_are_refused(asked, labels, part):
    with pytest.raises(ValueError, match=part):
        TwoStageHead(Softmax(), Softmax(), asked).prepare(labels)


def test_predicting_without_labels_raises_an_error():
    with pytest.raises(ValueError, match="was not told its labels"):
        TwoStageHead(Softmax(), Softmax()).predict(np.zeros((1, 2), np.float32))
