import math

import numpy as np
import pytest

from dysfw.stats.quantile import patient_shares, upper_quantile


def test_a_patient_weighs_one_however_many_photographs_there_are():
    y = np.array([0, 0, 0, 1, 1, 0])
    groups = np.array([5, 5, 5, 2, 2, 9])
    np.testing.assert_allclose(patient_shares(y, groups), [1 / 3, 1 / 3, 1 / 3, 1 / 2, 1 / 2, 1])


def test_a_patient_shown_with_two_conditions_weighs_one_in_each():
    np.testing.assert_allclose(patient_shares(np.array([0, 1, 1]), np.array([7, 7, 7])), [1, 1 / 2, 1 / 2])


@pytest.mark.parametrize(
    ("patients", "level", "place"), [(9, 0.9, 9), (19, 0.9, 18), (8, 0.9, None), (25, 0.9, 23.4), (3, 0.75, 3), (2, 0.75, None)]
)
def test_one_photograph_a_patient_gives_the_usual_finite_sample_quantile(patients, level, place):
    values = np.random.default_rng(0).permutation(np.arange(1.0, patients + 1))
    assert upper_quantile(values, np.ones(patients), level) == pytest.approx(math.inf if place is None else place)


def test_no_photograph_at_all_gives_infinity():
    assert upper_quantile([], np.empty(0), 0.5) == math.inf


def test_a_new_patient_is_covered_as_often_as_asked_also_where_patients_have_unequal_numbers_of_photographs():
    """Patients with many photographs have low values: counted by photographs, the quantile would lie far too low."""
    rng = np.random.default_rng(3)
    covered, covered_by_images = [], []
    for _ in range(300):
        own = rng.normal(size=31)
        number = np.where(own < 0, 12, 1)
        groups = np.repeat(np.arange(31), number)
        values = own[groups] + 0.1 * rng.normal(size=len(groups))
        known = groups < 30
        shares = patient_shares(np.zeros(known.sum(), int), groups[known])
        covered.append(np.mean(values[~known] <= upper_quantile(values[known], shares, 0.8)))
        covered_by_images.append(np.mean(values[~known] <= np.quantile(values[known], 0.8)))
    assert 0.78 < np.mean(covered) < 0.88
    assert np.mean(covered_by_images) < 0.72
