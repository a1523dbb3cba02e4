"""The test against chance, compared with values counted by hand and with an exhaustive enumeration."""

from itertools import permutations

import numpy as np
import pytest

from dysfw.stats.bootstrap import patient_weights
from dysfw.stats.chance import ALPHA, PERMUTATIONS, compare_with_chance
from dysfw.stats.estimate import Estimate
from dysfw.stats.intervals import measured
from dysfw.stats.metrics import rank_of_truth, scores
from dysfw.stats.shares import Ranked, share_estimates


def certain(predicted, classes: int) -> np.ndarray:
    """Probabilities of a classifier that is sure of these classes."""
    return np.eye(classes, dtype=np.float32)[np.asarray(predicted)]


def exact_p(predicted, y, groups) -> float:
    """The share of all orders of the patients' conditions whose balanced accuracy is as high, counted one by one."""
    patients = np.unique(groups)
    label = np.array([y[groups == one][0] for one in patients])

    def balanced(labels):
        truth = labels[np.searchsorted(patients, groups)]
        return np.mean([np.mean(predicted[truth == k] == k) for k in np.unique(y)])

    value = balanced(label)
    return np.mean([balanced(np.array(order)) >= value - 1e-9 for order in permutations(label)])


@pytest.mark.parametrize("images", [(1, 1, 1, 1, 1, 1), (1, 3, 2, 1, 1, 4)])
def test_p_is_that_of_all_permutations_of_patients(images):
    groups = np.repeat(np.arange(6), images)
    y = np.array([0, 0, 1, 1, 2, 2])[groups]
    for seed in range(5):
        predicted = np.where(np.random.default_rng(seed).random(len(y)) < 0.6, y, 0)
        test = compare_with_chance(certain(predicted, 3), y, groups)
        assert test.p == pytest.approx(exact_p(predicted, y, groups), abs=0.05)


def test_perfect_predictions_of_few_patients_are_shown_only_if_luck_is_unlikely():
    """With 2 patients each, 1 of 6 assignments of 2 conditions is right by luck, 1 of 90 of 3, and 1 of 681,080,400 of 7."""
    for classes, luck, shown in ((2, 1 / 6, False), (3, 1 / 90, True), (7, 0, True)):
        y = np.repeat(np.arange(classes), 2)
        test = compare_with_chance(certain(y, classes), y, np.arange(len(y)))
        assert test.balanced_accuracy == Estimate(value=1)
        assert test.p == pytest.approx(luck + 1 / (1 + PERMUTATIONS), abs=0.04 if luck > 0.1 else 0.01)
        assert test.shown is shown
        assert test.patients == 2 * classes


def test_many_images_of_a_patient_are_no_more_evidence_than_one():
    y = np.repeat([0, 0, 1, 1], 50)
    many = compare_with_chance(certain(y, 2), y, np.repeat(np.arange(4), 50))
    assert many.p > 0.1
    assert compare_with_chance(certain(y, 2), y, np.arange(200)).p == 1 / (1 + PERMUTATIONS)


@pytest.mark.parametrize("predicted", ["always the same", "always wrong"])
def test_a_classifier_at_or_below_chance_is_not_shown(predicted):
    y = np.repeat(np.arange(4), 10)
    guesses = np.zeros(40, int) if predicted == "always the same" else (y + 1) % 4
    test = compare_with_chance(certain(guesses, 4), y, np.arange(40))
    assert test.p == 1
    assert not test.shown
    assert test.chance == 0.25


def test_classifiers_that_know_nothing_pass_as_rarely_as_alpha_says():
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(5), [30, 8, 8, 8, 8])
    tests = [compare_with_chance(rng.random((62, 5)).astype(np.float32), y, np.arange(62)) for _ in range(300)]
    assert np.mean([test.shown for test in tests]) <= ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / 300)
    assert np.mean([test.p <= 0.5 for test in tests]) == pytest.approx(0.5, abs=0.1)


def test_a_patient_with_two_conditions_counts_with_each():
    y, groups = np.array([0, 1, 0, 1]), np.array([0, 0, 1, 2])
    test = compare_with_chance(certain(y, 2), y, groups)
    assert test.patients == 3
    assert test.p == pytest.approx(1 / 6, abs=0.04)


def test_a_condition_without_images_does_not_matter():
    y = np.repeat([0, 2], 10)
    assert compare_with_chance(certain(y, 3), y, np.arange(20)).shown


def test_the_text_names_score_interval_chance_and_p():
    y = np.repeat([0, 1], 10)
    test = compare_with_chance(certain(np.zeros(20, int), 2), y, np.arange(20), Estimate(value=0.5, low=0.25, high=0.75))
    assert str(test) == "cross-validated balanced accuracy 0.500 [0.250, 0.750], chance 0.500, p = 1.000"


def test_shares_have_the_intervals_of_an_evaluation():
    rng = np.random.default_rng(1)
    y, groups = np.repeat(np.arange(6), 12), np.repeat(np.arange(36), 2)
    probabilities = rng.dirichlet(np.ones(6), 72).astype(np.float32)
    probabilities[np.arange(72), y] += 0.2
    rows = rng.random(72) < 0.8
    every, some = share_estimates(
        [Ranked(rank_of_truth(probabilities, y), use) for use in (np.ones(72, bool), rows)], y, groups, (2, 5)
    )
    weights = patient_weights(y, groups)
    for estimates, use in ((every, np.ones(72, bool)), (some, rows)):
        expected = measured(probabilities[use], y[use], groups[use], weights[:, use]).overall()
        for name in ("balanced_accuracy", "accuracy", "top_2", "top_5"):
            assert estimates[name].model_dump() == pytest.approx(expected[name].model_dump())
        assert estimates["accuracy"].value == pytest.approx(scores(probabilities[use], y[use]).accuracy)


def test_blocks_of_resamples_give_the_same_interval_within_noise(monkeypatch):
    rng = np.random.default_rng(2)
    y, groups = np.repeat(np.arange(3), 40), np.arange(120)
    model = Ranked(rank_of_truth(rng.random((120, 3)).astype(np.float32), y), np.ones(120, bool))
    (whole,) = share_estimates([model], y, groups, ())
    monkeypatch.setattr("dysfw.stats.shares.BLOCK", 120 * 300)
    (blocks,) = share_estimates([model], y, groups, ())
    assert blocks["accuracy"].low == pytest.approx(whole["accuracy"].low, abs=0.015)
    assert blocks["accuracy"].high == pytest.approx(whole["accuracy"].high, abs=0.015)
