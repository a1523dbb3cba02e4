import math

import numpy as np
import pytest

from dysfw.stats.quantile import patient_shares, upper_quantile


def test_a_patient_has_weight_1_for_any_number_of_images():
    y = np.array([0, 0, 0, 1, 1, 0])
    groups = np.array([5, 5, 5, 2, 2, 9])
    np.testing.assert_allclose(patient_shares(y, groups), [1 / 3, 1 / 3, 1 / 3, 1 / 2, 1 / 2, 1])


def test_a_patient_with_two_conditions_has_weight_1_in_each():
    np.testing.assert_allclose(patient_shares(np.array([0, 1, 1]), np.array([7, 7, 7])), [1, 1 / 2, 1 / 2])


@pytest.mark.parametrize(
    ("patients", "level", "expected"),
    [(9, 0.9, 9), (19, 0.9, 18), (8, 0.9, None), (25, 0.9, 23.4), (3, 0.75, 3), (2, 0.75, None)],
)
def test_with_one_image_per_patient_it_is_the_finite_sample_quantile(patients, level, expected):
    values = np.random.default_rng(0).permutation(np.arange(1.0, patients + 1))
    assert upper_quantile(values, np.ones(patients), level) == pytest.approx(math.inf if expected is None else expected)


def test_without_values_the_quantile_is_infinite():
    assert upper_quantile([], np.empty(0), 0.5) == math.inf


def test_the_coverage_holds_with_unequal_numbers_of_images_per_patient():
    """Patients with many images have low values: an unweighted quantile would be far too low."""
    rng = np.random.default_rng(3)
    covered, covered_by_images = [], []
    for _ in range(300):
        patient_means = rng.normal(size=31)
        number = np.where(patient_means < 0, 12, 1)
        groups = np.repeat(np.arange(31), number)
        values = patient_means[groups] + 0.1 * rng.normal(size=len(groups))
        calibration = groups < 30
        shares = patient_shares(np.zeros(calibration.sum(), int), groups[calibration])
        covered.append(np.mean(values[~calibration] <= upper_quantile(values[calibration], shares, 0.8)))
        covered_by_images.append(np.mean(values[~calibration] <= np.quantile(values[calibration], 0.8)))
    assert 0.78 < np.mean(covered) < 0.88
    assert np.mean(covered_by_images) < 0.72
