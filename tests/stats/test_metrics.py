"""Measures against scikit-learn's, with and without weights, and against values counted by hand."""

import warnings

import numpy as np
import pytest
from sklearn import metrics
from sklearn.calibration import calibration_curve

from dysfw.stats.auroc import FEW, ClassRankings
from dysfw.stats.metrics import BLOCK, by_row, calibration_bins, confusion, measure, top_sizes

EXACT = {"rel": 0, "abs": 1e-9}


def predictions(n: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities float64 [n, K] without ties, the truth with every class in it, and integer weights, some of them 0."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)]))
    logits = rng.normal(size=(n, classes)) + 1.5 * np.eye(classes)[y]
    p = np.exp(logits)
    weights = rng.integers(0, 4, n).astype(float)
    weights[[np.flatnonzero(y == k)[0] for k in range(classes)]] = 2
    return p / p.sum(axis=1, keepdims=True), y, weights


def ones(n: int) -> np.ndarray:
    return np.ones((1, n))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("n", "classes", "seed"), [(40, 2, 0), (90, 3, 1), (160, 7, 2), (300, 12, 3)])
def test_overall_measures_agree_with_scikit_learn(n, classes, seed, weighted) -> None:
    p, y, weights = predictions(n, classes, seed)
    w = weights if weighted else np.ones(n)
    found = {name: value[0] for name, value in measure(p, y, w[None], unaffected=1).overall.items()}
    predicted, labels = p.argmax(axis=1), range(classes)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(y, predicted, sample_weight=w), **EXACT)
    assert found["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(y, predicted, sample_weight=w), **EXACT)
    for size in [size for size in top_sizes(classes) if size > 1]:
        expected = metrics.top_k_accuracy_score(y, p, k=size, labels=labels, sample_weight=w)
        assert found[f"top_{size}"] == pytest.approx(expected, **EXACT)
    aurocs = [metrics.roc_auc_score(y == k, p[:, k], sample_weight=w) for k in labels]
    assert found["auroc_macro"] == pytest.approx(np.mean(aurocs), **EXACT)
    assert found["auroc_affected"] == pytest.approx(metrics.roc_auc_score(y != 1, 1 - p[:, 1], sample_weight=w), **EXACT)
    assert found["log_loss"] == pytest.approx(metrics.log_loss(y, p, labels=labels, sample_weight=w), **EXACT)
    squares = [metrics.brier_score_loss(y == k, p[:, k], sample_weight=w) for k in labels]
    assert found["brier"] == pytest.approx(np.sum(squares), **EXACT)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("n", "classes", "seed"), [(40, 2, 4), (160, 7, 5)])
def test_measures_of_each_class_agree_with_scikit_learn(n, classes, seed, weighted) -> None:
    p, y, weights = predictions(n, classes, seed)
    w = weights if weighted else np.ones(n)
    found = measure(p, y, w[None]).per_class
    predicted = p.argmax(axis=1)
    for k in range(classes):
        truth, predicted_as = y == k, predicted == k
        sensitivity = metrics.recall_score(truth, predicted_as, sample_weight=w)
        specificity = metrics.recall_score(~truth, ~predicted_as, sample_weight=w)
        precision = metrics.precision_score(truth, predicted_as, sample_weight=w, zero_division=np.nan)
        assert found["sensitivity"][0, k] == pytest.approx(sensitivity, **EXACT)
        assert found["specificity"][0, k] == pytest.approx(specificity, **EXACT)
        assert found["precision"][0, k] == pytest.approx(precision, nan_ok=True, **EXACT)
        assert found["auroc"][0, k] == pytest.approx(metrics.roc_auc_score(truth, p[:, k], sample_weight=w), **EXACT)


def test_macro_top_n_is_the_mean_over_the_classes() -> None:
    p, y, weights = predictions(120, 6)
    found = measure(p, y, weights[None])
    rank = (p > p[np.arange(120), y][:, None]).sum(axis=1)
    shares = [np.average(rank[y == k] < 3, weights=weights[y == k]) for k in range(6)]
    assert found.overall["top_3_macro"][0] == pytest.approx(np.mean(shares), **EXACT)
    assert found.per_class["top_3"][0] == pytest.approx(np.array(shares), **EXACT)


@pytest.mark.parametrize("seed", range(5))
def test_tied_probabilities_count_half_in_the_auroc(seed) -> None:
    rng = np.random.default_rng(seed)
    p = rng.integers(1, 4, (60, 3)).astype(float)
    p /= p.sum(axis=1, keepdims=True)
    y, w = np.arange(60) % 3, rng.integers(0, 3, 60).astype(float)
    found = measure(p, y, w[None]).per_class["auroc"][0]
    expected = [metrics.roc_auc_score(y == k, p[:, k], sample_weight=w) for k in range(3)]
    assert found == pytest.approx(np.array(expected), **EXACT)


def test_ties_are_ranked_in_the_order_of_the_labels() -> None:
    p, y = np.full((12, 12), 1 / 12), np.arange(12)
    found = measure(p, y, ones(12))
    assert [found.overall[f"top_{n}"][0] for n in (1, 2, 3, 5, 10)] == pytest.approx([n / 12 for n in (1, 2, 3, 5, 10)])
    assert found.overall["auroc_macro"][0] == pytest.approx(0.5)
    assert confusion(p, y)[:, 0].tolist() == [1] * 12


def test_single_precision_is_clipped_as_in_scikit_learn() -> None:
    p = np.array([[1, 0], [0, 1], [0.75, 0.25]], np.float32)
    y = np.array([0, 0, 0])
    found = measure(p, y, ones(3)).overall["log_loss"][0]
    assert found == pytest.approx(metrics.log_loss(y, p, labels=[0, 1]), rel=1e-6)
    assert found < 10


def test_each_weighting_is_measured_independently() -> None:
    p, y, _ = predictions(50, 4)
    weights = np.random.default_rng(0).integers(1, 3, (BLOCK + 3, 50)).astype(float)
    per_patient, last = measure(p, y, weights, 0), measure(p, y, weights[-1:], 0)
    for name, values in per_patient.overall.items():
        assert values.shape == (BLOCK + 3,)
        assert values[-1] == pytest.approx(last.overall[name][0], **EXACT)
    for name, values in per_patient.per_class.items():
        assert values.shape == (BLOCK + 3, 4)
        assert values[-1] == pytest.approx(last.per_class[name][0], **EXACT)


def test_a_weight_of_n_equals_n_repetitions() -> None:
    p, y, weights = predictions(80, 5)
    rows = np.repeat(np.arange(80), weights.astype(int))
    weighted, repeated = measure(p, y, weights[None]), measure(p[rows], y[rows], ones(len(rows)))
    for name, value in weighted.overall.items():
        assert value == pytest.approx(repeated.overall[name], **EXACT)


def test_repeats_are_averaged() -> None:
    (predicted, y, weights), (second, _, _) = predictions(70, 4, 0), predictions(70, 4, 1)
    both = measure(np.stack([predicted, second]), y, weights[None])
    separate = [measure(p, y, weights[None]) for p in (predicted, second)]
    for name, value in both.overall.items():
        assert value == pytest.approx((separate[0].overall[name] + separate[1].overall[name]) / 2, **EXACT)
    assert confusion(np.stack([predicted, second]), y) == pytest.approx((confusion(predicted, y) + confusion(second, y)) / 2)


def test_repeats_with_an_undefined_measure_are_left_out_of_its_mean() -> None:
    y = np.array([0, 0, 1, 1])
    never, once = np.array([[0.9, 0.1]] * 4), np.array([[0.9, 0.1]] * 3 + [[0.2, 0.8]])
    assert measure(np.stack([never, once]), y, ones(4)).per_class["precision"][0, 1] == 1
    assert np.isnan(measure(never, y, ones(4)).per_class["precision"][0, 1])


def test_a_class_without_images_has_no_sensitivity_and_does_not_count_in_means() -> None:
    p = np.array([[0.6, 0.3, 0.1], [0.1, 0.2, 0.7], [0.1, 0.8, 0.1]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measure(p, np.array([0, 0, 1]), ones(3))
    assert found.overall["balanced_accuracy"][0] == pytest.approx((1 / 2 + 1) / 2)
    assert np.isnan(found.per_class["sensitivity"][0, 2])
    assert np.isnan(found.per_class["auroc"][0, 2])
    assert found.overall["auroc_macro"][0] == pytest.approx(np.mean(found.per_class["auroc"][0, :2]))


def test_without_an_unaffected_class_there_is_no_auroc_of_the_affected() -> None:
    p, y, _ = predictions(30, 3)
    assert "auroc_affected" not in measure(p, y, ones(30)).overall


@pytest.mark.parametrize("weighted", [False, True])
def test_the_calibration_error_is_the_weighted_gap_of_fifteen_bins(weighted) -> None:
    p, y, weights = predictions(200, 4)
    w = weights if weighted else np.ones(200)
    confidence, correct = p.max(axis=1), p.argmax(axis=1) == y
    error = 0.0
    for b in range(15):
        inside = (confidence > b / 15) & (confidence <= (b + 1) / 15)
        if w[inside].sum():
            gap = np.average(correct[inside], weights=w[inside]) - np.average(confidence[inside], weights=w[inside])
            error += w[inside].sum() / w.sum() * abs(gap)
    assert measure(p, y, w[None]).overall["ece"][0] == pytest.approx(error, **EXACT)


def test_calibration_bins_agree_with_scikit_learn_and_with_the_calibration_error() -> None:
    p, y, _ = predictions(200, 4)
    bins = calibration_bins(p, y)
    accuracy, confidence = calibration_curve(p.argmax(axis=1) == y, p.max(axis=1), n_bins=15)
    assert [b.accuracy for b in bins] == pytest.approx(accuracy, **EXACT)
    assert [b.confidence for b in bins] == pytest.approx(confidence, **EXACT)
    assert sum(b.images for b in bins) == 200
    error = sum(b.images * abs(b.accuracy - b.confidence) for b in bins) / 200
    assert measure(p, y, ones(200)).overall["ece"][0] == pytest.approx(error, **EXACT)


def test_the_confusion_matrix_agrees_with_scikit_learn() -> None:
    p, y, _ = predictions(150, 5)
    predicted = p.argmax(axis=1)
    assert confusion(p, y).tolist() == metrics.confusion_matrix(y, predicted).tolist()
    assert by_row(confusion(p, y)) == pytest.approx(metrics.confusion_matrix(y, predicted, normalize="true"), **EXACT)
    assert by_row(np.array([[1.0, 3.0], [0.0, 0.0]])).tolist() == [[0.25, 0.75], [0, 0]]


def test_probabilities_that_are_not_numbers_are_an_error() -> None:
    p, y, _ = predictions(20, 3)
    p[3, 1], p[7] = np.nan, np.inf
    with pytest.raises(ValueError, match="2 of 20 rows of probabilities hold values that are not numbers"):
        measure(p, y, ones(20))
    with pytest.raises(ValueError, match="2 of 20"):
        confusion(p, y)


def test_probabilities_of_the_wrong_shape_are_an_error() -> None:
    p, y, _ = predictions(20, 3)
    with pytest.raises(ValueError, match="20 rows of probabilities for 19 images"):
        measure(p, y[1:], ones(19))
    with pytest.raises(ValueError, match="classes 0 to 2, but probabilities of 2 classes"):
        measure(p[:, :2], y, ones(20))
    with pytest.raises(ValueError, match="0 rows of probabilities for 0 images"):
        measure(p[:0], y[:0], ones(0))


def test_the_auroc_compares_images_of_the_same_split_only() -> None:
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 60)
    splits = rng.integers(0, 4, 60)
    p = rng.random(60)
    found = measure(np.stack([1 - p, p], axis=1), y, ones(60), splits=splits[None]).per_class["auroc"][0, 1]
    pairs = [(a, b) for a in range(60) for b in range(60) if y[a] == 1 and y[b] == 0 and splits[a] == splits[b]]
    assert found == pytest.approx(np.mean([p[a] > p[b] for a, b in pairs]), **EXACT)


def test_predicting_the_training_frequencies_has_an_auroc_of_one_half() -> None:
    """Pooled over folds the AUROC would be below 0.5: a class that is rarer in the test is more frequent in training."""
    y = np.repeat([0, 1], [11, 7])
    splits = np.arange(18) % 3
    shares = np.stack([[np.mean(y[splits != s] == k) for k in (0, 1)] for s in splits])
    assert measure(shares, y, ones(18)).per_class["auroc"][0, 1] < 0.5
    assert measure(shares, y, ones(18), splits=splits[None]).per_class["auroc"][0, 1] == 0.5


def test_the_auroc_of_conditions_with_few_and_with_many_images_agrees_with_scikit_learn() -> None:
    """Conditions above FEW images are summed along their ranking, the others compared with all images at once."""
    rng = np.random.default_rng(0)
    y = np.concatenate([np.zeros(FEW + 30, int), np.repeat(np.arange(1, 40), 3), [40]])
    scores, weights = rng.integers(0, 9, (len(y), 42)) / 9, rng.integers(1, 4, (len(y), 5)).astype(float)
    found = ClassRankings.of(scores, y).auroc(weights)
    for k in range(41):
        assert found[k] == pytest.approx(
            [metrics.roc_auc_score(y == k, scores[:, k], sample_weight=w) for w in weights.T], **EXACT
        )
    assert np.isnan(found[41]).all()  # no image shows it
