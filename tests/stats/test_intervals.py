"""Measures with intervals, and paired differences."""

import numpy as np
import pytest

from dysfw.stats.bootstrap import patient_weights
from dysfw.stats.intervals import calibration_error, measured
from dysfw.stats.metrics import measure

CLASSES, PATIENTS = 3, 8
GROUPS = np.repeat(np.arange(CLASSES * PATIENTS), 2)
Y = GROUPS // PATIENTS
WEIGHTS = patient_weights(Y, GROUPS, 400, 0)


def predictions(strength: float, seed: int = 0) -> np.ndarray:
    logits = np.random.default_rng(seed).normal(size=(len(Y), CLASSES)) + strength * np.eye(CLASSES)[Y]
    p = np.exp(logits)
    return p / p.sum(axis=1, keepdims=True)


def test_every_measure_lies_in_its_interval() -> None:
    p = predictions(1.0)
    found = measured(p, Y, GROUPS, WEIGHTS, unaffected=0)
    exact = measure(p, Y, np.ones((1, len(Y))), unaffected=0)
    overall = found.overall()
    assert set(overall) == set(exact.overall)
    for name, value in overall.items():
        assert value.value == exact.overall[name][0]
        assert value.low < value.value < value.high, name
    for name, value in found.of_class(1).items():
        assert value.value == exact.per_class[name][0, 1]
        assert value.low <= value.value <= value.high, name


def test_the_interval_of_a_perfect_result_depends_on_the_number_of_patients() -> None:
    found = measured(np.eye(CLASSES)[Y], Y, GROUPS, WEIGHTS, unaffected=0)
    overall, of_class = found.overall(), found.of_class(1)
    lows = {name: overall[name].low for name in ("accuracy", "balanced_accuracy", "auroc_macro", "auroc_affected")}
    assert lows == pytest.approx(
        {
            "accuracy": 0.025 ** (1 / 24),
            "balanced_accuracy": 0.025 ** (1 / 24),
            "auroc_macro": 0.025 ** (1 / 12),
            "auroc_affected": 0.025 ** (1 / 8),
        }
    )
    assert of_class["sensitivity"].low == of_class["auroc"].low == of_class["precision"].low == pytest.approx(0.025 ** (1 / 8))
    assert of_class["specificity"].low == pytest.approx(0.025 ** (1 / 16))


def test_the_smallest_class_limits_a_mean_over_classes() -> None:
    keep = np.ones(len(Y), bool)
    keep[4:16] = False  # two patients of the first class remain
    weights = patient_weights(Y[keep], GROUPS[keep], 50, 0)
    overall = measured(np.eye(CLASSES)[Y[keep]], Y[keep], GROUPS[keep], weights).overall()
    assert overall["balanced_accuracy"].low == pytest.approx(0.025 ** (1 / 6))
    assert overall["accuracy"].low == pytest.approx(0.025 ** (1 / 18))


def test_undefined_measures_are_left_out() -> None:
    p = predictions(1.0)
    p[:, 2] = 0  # never ranked first
    assert "precision" not in measured(p, Y, GROUPS, WEIGHTS).of_class(2)
    keep = Y < 2  # no image of the third class
    found = measured(p[keep], Y[keep], GROUPS[keep], WEIGHTS[:, keep])
    assert set(found.of_class(2)) == {"specificity"}
    assert all(np.isfinite(value.value) for value in found.overall().values())


def test_the_interval_of_the_calibration_error_contains_the_measured_error() -> None:
    """Without the shift, most resampled errors would exceed the measured one."""
    p = predictions(0.0)
    found = measured(p, Y, GROUPS, WEIGHTS)
    resampled, error = found.resampled.overall["ece"], found.overall()["ece"]
    assert np.mean(resampled) > error.value
    assert error.high - error.value == pytest.approx(error.value - error.low, rel=0.6)


def test_differences_are_paired() -> None:
    better, worse = (measured(predictions(strength), Y, GROUPS, WEIGHTS, 0) for strength in (1.5, 1.0))
    difference = better.minus(worse)["balanced_accuracy"]
    separate = [each.overall()["balanced_accuracy"] for each in (better, worse)]
    assert difference.value == pytest.approx(separate[0].value - separate[1].value)
    assert difference.low > 0
    assert separate[0].low < separate[1].high  # the separate intervals overlap
    assert difference.high - difference.low < min(each.high - each.low for each in separate)


def test_equal_models_have_no_difference() -> None:
    found = measured(predictions(1.0), Y, GROUPS, WEIGHTS)
    for value in found.minus(found).values():
        assert (value.value, value.low, value.high) == (0, None, None)


def test_only_common_measures_are_compared() -> None:
    with_unaffected, without = measured(predictions(1.0), Y, GROUPS, WEIGHTS, 0), measured(predictions(1.0), Y, GROUPS, WEIGHTS)
    assert "auroc_affected" in with_unaffected.minus(with_unaffected)
    assert "auroc_affected" not in without.minus(with_unaffected)
    assert "auroc_affected" not in with_unaffected.minus(without)


def test_patients_of_each_class_are_counted_once():
    """Also those with images of several classes, or predicted as several classes in several repeats."""
    rng = np.random.default_rng(0)
    y, groups = rng.integers(0, 7, 60), rng.integers(100, 130, 60)
    p = rng.random((3, 60, 8))  # nothing shows the last class
    found = measured(p, y, groups, np.ones((2, 60))).patients_per_class
    predicted = p.argmax(axis=2)
    assert found["sensitivity"].tolist() == [len(set(groups[y == k])) for k in range(8)]
    assert found["specificity"].tolist() == [len(set(groups[y != k])) for k in range(8)]
    assert found["precision"].tolist() == [len(set(groups[(predicted == k).any(axis=0)])) for k in range(8)]


def test_the_calibration_error_alone_is_that_of_all_measures() -> None:
    p = np.stack([predictions(1.0), predictions(1.0, seed=1)])
    assert calibration_error(p, Y, WEIGHTS) == measured(p, Y, GROUPS, WEIGHTS).overall()["ece"]
