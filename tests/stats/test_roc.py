import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from dysfw.stats.intervals import measured
from dysfw.stats.roc import RATES, controls_ahead, roc_curves

LABELS = ("a", "b", "c")


def random_scores(images: int, classes: int = 3, repeats: int = 1, decimals: int = 6, seed: int = 0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, images)
    logits = rng.normal(size=(repeats, images, classes)) + 1.2 * (np.arange(classes) == y[:, None])
    exp = np.exp(logits)
    return np.round(exp / exp.sum(axis=2, keepdims=True), decimals).astype(np.float32), y


def area(curve):
    return np.trapezoid(curve, RATES) if hasattr(np, "trapezoid") else np.trapz(curve, RATES)


@pytest.mark.parametrize("decimals", [6, 1])
def test_a_single_split_has_the_curve_of_scikit_learn(decimals):
    probabilities, y = random_scores(90, decimals=decimals)
    curves = roc_curves(probabilities, y, np.zeros((1, 90), np.int64), LABELS)
    assert curves.false_positive_rates == RATES.tolist()
    for k, label in enumerate(LABELS):
        rates, found, _ = roc_curve(y == k, probabilities[0, :, k], drop_intermediate=False)
        for rate, value in zip(RATES, curves.by_label[label], strict=True):
            before = np.flatnonzero(rates <= rate + 1e-12)[-1]
            after = min(before + 1, len(rates) - 1)
            part = 0 if after == before else (rate - rates[before]) / (rates[after] - rates[before])
            assert value == pytest.approx(found[before] + part * (found[after] - found[before]), abs=1e-4)
    assert curves.mean == pytest.approx(np.mean(list(curves.by_label.values()), axis=0), abs=2e-4)


def test_the_area_is_the_auroc_within_splits_as_mean_over_the_repeats():
    probabilities, y = random_scores(600, repeats=2, seed=1)
    splits = np.stack([np.arange(600) % 4, np.arange(600) // 200])  # unequal numbers of pairs
    probabilities[0][splits[0] == 1] *= 0.5  # another scale, which would ruin a pooled curve
    curves = roc_curves(probabilities, y, splits, LABELS)
    auroc = measured(probabilities, y, np.arange(600), np.ones((1, 600)), splits=splits).value.per_class["auroc"][0]
    for k, label in enumerate(LABELS):
        assert area(curves.by_label[label]) == pytest.approx(auroc[k], abs=0.004)  # the grid has 47 points
    pooled = roc_auc_score(y == 0, probabilities[0, :, 0])
    assert abs(pooled - auroc[0]) > 0.02


def test_large_and_small_classes_are_compared_alike(monkeypatch):
    probabilities, y = random_scores(60, decimals=1)
    scores, weights = np.ascontiguousarray(probabilities[0].T), np.random.default_rng(0).integers(0, 3, (60, 5)).astype(float)
    small = [controls_ahead(scores, y, weights, ties=ties) for ties in (False, True)]
    monkeypatch.setattr("dysfw.stats.roc.FEW", 0)
    large = [controls_ahead(scores, y, weights, ties=ties) for ties in (False, True)]
    for one, other in zip(small, large, strict=True):
        assert np.array_equal(one, other)
    n = 7
    expected = weights[(y != y[n]) & (probabilities[0, :, y[n]] >= probabilities[0, n, y[n]])].sum(axis=0)
    assert np.array_equal(small[1][n], expected)


def test_equal_scores_give_the_diagonal():
    curves = roc_curves(np.full((1, 12, 2), 0.5, np.float32), np.arange(12) % 2, np.zeros((1, 12), np.int64), ("a", "b"))
    assert curves.mean == pytest.approx(RATES, abs=1e-4)


def test_a_class_without_test_images_has_no_curve_and_does_not_enter_the_mean():
    probabilities = np.array([[[0.9, 0.1, 0.0], [0.8, 0.2, 0.0], [0.1, 0.9, 0.0], [0.2, 0.8, 0.0]]], np.float32)
    curves = roc_curves(probabilities, np.array([0, 0, 1, 1]), np.zeros((1, 4), np.int64), LABELS)
    assert set(curves.by_label) == {"a", "b"}
    assert set(curves.mean) == {1.0}


def test_a_split_of_one_class_adds_nothing():
    probabilities, y = random_scores(30, classes=2)
    y[:10] = 0
    with_it = roc_curves(probabilities, y, np.where(np.arange(30) < 10, 0, 1)[None], ("a", "b"))
    without = roc_curves(probabilities[:, 10:], y[10:], np.zeros((1, 20), np.int64), ("a", "b"))
    assert with_it == without
