"""Scores against scikit-learn's, and against values counted by hand."""

import warnings

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix, top_k_accuracy_score

from dysfw.stats.metrics import scores, top_sizes


def predictions(n: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, n)
    logits = rng.normal(size=(n, classes)) + 2 * np.eye(classes)[y]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return probabilities.astype(np.float32), y


@pytest.mark.parametrize(("n", "classes"), [(50, 2), (200, 7), (300, 40)])
def test_scores_agree_with_scikit_learn(n, classes) -> None:
    p, y = predictions(n, classes)
    found, first, labels = scores(p, y), p.argmax(axis=1), range(classes)
    assert found.images == n
    assert found.chance == pytest.approx(1 / classes)
    assert found.accuracy == pytest.approx(accuracy_score(y, first))
    assert found.balanced_accuracy == pytest.approx(balanced_accuracy_score(y, first))
    assert found.confusion == confusion_matrix(y, first, labels=labels).tolist()
    for k, share in found.top.items():
        expected = accuracy_score(y, first) if k == 1 else top_k_accuracy_score(y, p, k=k, labels=labels)
        assert share == pytest.approx(expected)


@pytest.mark.parametrize(("classes", "sizes"), [(2, [1]), (3, [1, 2]), (7, [1, 2, 3, 5]), (31, [1, 2, 3, 5, 10, 30])])
def test_top_n_is_computed_only_for_n_below_the_number_of_classes(classes, sizes) -> None:
    assert top_sizes(classes) == sizes
    assert list(scores(*predictions(20, classes)).top) == sizes


def test_rows_of_the_confusion_matrix_are_the_true_classes() -> None:
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]], np.float32)
    assert scores(p, np.array([0, 1, 1])).confusion == [[1, 0], [1, 1]]


def test_a_class_without_images_does_not_count_and_causes_no_warning() -> None:
    p = np.array([[0.6, 0.3, 0.1], [0.1, 0.2, 0.7], [0.1, 0.8, 0.1]], np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = scores(p, np.array([0, 0, 1]))
    assert found.balanced_accuracy == pytest.approx((1 / 2 + 1) / 2)
    assert found.confusion == [[1, 0, 1], [0, 1, 0], [0, 0, 0]]


def test_one_image_is_enough() -> None:
    found = scores(np.array([[0.2, 0.8, 0]], np.float32), np.array([1]))
    assert (found.accuracy, found.balanced_accuracy, found.top) == (1, 1, {1: 1, 2: 1})


def test_ties_are_ranked_in_the_order_of_the_labels() -> None:
    found = scores(np.full((40, 40), 1 / 40, np.float32), np.arange(40))
    assert found.top == {n: pytest.approx(n / 40) for n in (1, 2, 3, 5, 10, 30)}
    assert [row[0] for row in found.confusion] == [1] * 40
