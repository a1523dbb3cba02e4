"""Bootstrap by patient."""

import numpy as np
import pytest

from dysfw.stats.bootstrap import RESAMPLES, estimate, patient_weights
from dysfw.stats.estimate import Estimate

Y = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1])
GROUPS = np.array([5, 5, 3, 8, 1, 1, 1, 2, 9])


def test_all_images_of_a_patient_are_drawn_together() -> None:
    weights = patient_weights(Y, GROUPS, 300, 0)
    assert weights.shape == (300, 9)
    assert weights.dtype == np.float64
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 4:7] == weights[:, [4]]).all()


def test_each_class_keeps_its_number_of_patients() -> None:
    weights = patient_weights(Y, GROUPS, 300, 0)
    patients = weights[:, [0, 2, 3, 4, 7, 8]]
    assert (patients[:, :3].sum(axis=1) == 3).all()
    assert (patients[:, 3:].sum(axis=1) == 3).all()
    assert patients.mean(axis=0) == pytest.approx(np.ones(6), abs=0.2)


def test_the_seed_determines_the_resamples() -> None:
    first, again, other = (patient_weights(Y, GROUPS, 20, seed) for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()
    assert len(patient_weights(Y, GROUPS)) == RESAMPLES


@pytest.mark.parametrize("patients", [2, 3, 6, 25])
def test_the_variance_of_a_resampled_mean_is_unbiased(patients) -> None:
    values = np.random.default_rng(0).normal(size=patients)
    weights = patient_weights(np.zeros(patients, int), np.arange(patients), 20000, 0)
    resampled = weights @ values / patients
    assert resampled.std() == pytest.approx(values.std(ddof=1) / np.sqrt(patients), rel=0.03)


def test_a_patient_with_several_labels_is_drawn_with_the_first() -> None:
    y, groups = np.array([0, 0, 1, 1, 1]), np.array([0, 1, 1, 2, 3])
    weights = patient_weights(y, groups, 200, 0)
    assert (weights[:, [0, 1]].sum(axis=1) == 2).all()
    assert (weights[:, 1] == weights[:, 2]).all()


def test_a_class_with_one_patient_is_always_drawn() -> None:
    weights = patient_weights(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2]), 50, 0)
    assert (weights[:, :2] == 1).all()


def test_the_interval_is_the_percentile_interval() -> None:
    found = estimate(0.5, np.linspace(0, 2, 2001))
    assert (found.value, found.low, found.high) == (0.5, pytest.approx(0.05), pytest.approx(1.95))


def test_undefined_resamples_are_ignored() -> None:
    resampled = np.concatenate([np.linspace(0, 2, 2001), np.full(2000, np.nan)])
    assert estimate(0.5, resampled) == estimate(0.5, np.linspace(0, 2, 2001))


@pytest.mark.parametrize(
    ("resampled", "patients"),
    [
        ([0.1, 0.2, np.nan, np.nan, np.nan], None),  # mostly undefined
        ([], None),
        ([0.1, 0.2, 0.3], 1),
        ([0.4, 0.4, 0.4], None),  # no variation
        ([0.5, 0.5, 0.5], 20),  # one image of each patient is predicted correctly, one is not
    ],
)
def test_without_enough_information_there_is_no_interval(resampled, patients) -> None:
    assert estimate(0.4, np.array(resampled, float), patients) == Estimate(value=0.4)


def test_resamples_that_differ_in_their_last_digits_only_agree() -> None:
    """Sums of the same numbers in another order."""
    assert estimate(1 / 72, np.array([1 / 72, np.nextafter(1 / 72, 1)] * 50), 72) == Estimate(value=1 / 72)
    assert estimate(1, np.array([1, 1 - 2e-16] * 50), 10).low == pytest.approx(0.692, abs=0.001)
    assert estimate(0, np.array([0, 1e-17] * 50), 10).high == pytest.approx(1 - 0.692, abs=0.001)
    assert estimate(5e-8, np.array([1e-8, 9e-8] * 50)).low == pytest.approx(1e-8)  # small, but not the same


@pytest.mark.parametrize(("patients", "bound"), [(2, 0.158), (10, 0.692), (30, 0.884)])
def test_the_interval_of_a_perfect_result_is_the_exact_binomial_one(patients, bound) -> None:
    """The bounds are the tabulated ones for 2, 10 and 30 successes in as many trials."""
    assert estimate(1, np.ones(100), patients).low == pytest.approx(bound, abs=0.001)
    assert estimate(1, np.ones(100), patients).high == 1
    assert estimate(0, np.zeros(100), patients).high == pytest.approx(1 - bound, abs=0.001)
    assert estimate(0, np.zeros(100), patients).low == 0


def test_the_lower_bound_rises_with_the_number_of_correct_patients() -> None:
    n = 25
    weights = patient_weights(np.zeros(n, int), np.arange(n), 2000, 0)
    lows = [estimate(correct / n, weights[:, :correct].sum(axis=1) / n, n).low for correct in range(1, n + 1)]
    assert lows == sorted(lows)


def test_intervals_that_reach_neither_0_nor_1_are_unchanged() -> None:
    resampled = np.linspace(0.9, 0.99, 1000)
    assert estimate(0.95, resampled, 5) == estimate(0.95, resampled)
