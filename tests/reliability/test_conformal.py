"""Prediction sets by conformal prediction."""

import numpy as np
import pytest

from dysfw.reliability.conformal import most_probable_sets, prediction_sets, thresholds


def images(rng, patients_by_class, images=2):
    """Probabilities of a classifier that is correct most of the time; the images of a patient are similar."""
    y = np.repeat(np.arange(len(patients_by_class)), patients_by_class)
    logits_of_patient = rng.normal(0, 1, (len(y), len(patients_by_class)))
    logits_of_patient[np.arange(len(y)), y] += 1.5
    groups = np.repeat(np.arange(len(y)), images)
    logits = logits_of_patient[groups] + 0.3 * rng.normal(size=(len(groups), len(patients_by_class)))
    p = np.exp(logits)
    return p / p.sum(axis=1, keepdims=True), y[groups], groups


@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_every_condition_reaches_the_target_coverage(coverage):
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(60):
        calibration = images(rng, [100, 25, 25])
        p, y, _ = images(rng, [100, 100, 100], images=1)
        covered = prediction_sets(p, thresholds(*calibration, coverage))[np.arange(len(y)), y]
        shares.append([covered[y == k].mean() for k in range(3)])
    by_class = np.mean(shares, axis=0)
    assert (by_class > coverage - 0.02).all()
    assert (by_class < coverage + 0.05).all()


def test_a_condition_with_too_few_patients_is_in_every_set():
    p, y, groups = images(np.random.default_rng(1), [30, 8, 9], images=3)
    minimum = thresholds(p, y, groups, 0.9)
    assert np.isneginf(minimum).tolist() == [False, True, False]  # 9 patients are needed, for any number of images
    assert prediction_sets(np.array([[1.0, 0.0, 0.0]]), minimum)[0, 1]


def test_a_condition_without_patients_is_in_every_set():
    p, y, groups = images(np.random.default_rng(1), [30, 30])
    minimum = thresholds(np.pad(p, ((0, 0), (0, 1))), y, groups, 0.9)
    assert np.isneginf(minimum).tolist() == [False, False, True]


def test_lower_coverage_gives_smaller_sets_which_may_be_empty():
    calibration = images(np.random.default_rng(2), [60, 60, 60])
    sizes = [
        prediction_sets(calibration[0], thresholds(*calibration, coverage)).sum(axis=1).mean() for coverage in (0.95, 0.8, 0.5)
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert not prediction_sets(np.full((1, 3), 1 / 3), thresholds(*calibration, 0.5)).any()


def test_the_most_probable_conditions_reach_the_mass_with_as_few_as_possible():
    sets = most_probable_sets([[0.5, 0.3, 0.15, 0.05], [0.05, 0.92, 0.02, 0.01], [0.25] * 4], 0.9)
    assert sets.tolist() == [[True, True, True, False], [False, True, False, False], [True, True, True, True]]
