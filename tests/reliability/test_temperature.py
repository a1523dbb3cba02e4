"""Calibration by temperature scaling."""

import numpy as np
import pytest

from dysfw.reliability.temperature import apply_temperature, fit_temperature


def make_data(sharpness: float, number: int = 3000, classes: int = 5, seed: int = 0):
    """Probabilities that are overconfident by a factor ``sharpness``, and classes drawn from the true probabilities."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.2, (number, classes))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = (true.cumsum(axis=1) > rng.random((number, 1))).argmax(axis=1)
    sharp = np.exp(sharpness * logits)
    return (sharp / sharp.sum(axis=1, keepdims=True)).astype(np.float32), y, np.arange(number)


@pytest.mark.parametrize("sharpness", [0.4, 1.0, 3.0])
def test_overconfident_and_underconfident_probabilities_are_corrected(sharpness):
    assert fit_temperature(*make_data(sharpness)) == pytest.approx(sharpness, rel=0.12)


def test_a_temperature_of_one_changes_nothing_and_rows_sum_to_one():
    p, *_ = make_data(1.0, 50)
    np.testing.assert_allclose(apply_temperature(p, 1.0), p, atol=1e-6)
    np.testing.assert_allclose(apply_temperature(p, 2.7).sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("temperature", [0.3, 5.0])
def test_the_ranking_stays_as_it_is(temperature):
    p, *_ = make_data(1.0, 200)
    np.testing.assert_array_equal(np.argsort(-apply_temperature(p, temperature), axis=1), np.argsort(-p, axis=1))


def test_probabilities_of_zero_are_supported():
    p = np.array([[0, 0, 1], [1, 0, 0]], np.float32)
    assert np.isfinite(apply_temperature(p, 2.0)).all()
    assert fit_temperature(p, np.array([0, 0]), np.array([0, 1])) > 1


def test_few_correctly_classified_patients_do_not_make_predictions_certain():
    p = np.full((12, 3), 0.1, np.float32)
    y = np.arange(12) % 3
    p[np.arange(12), y] = 0.8
    assert apply_temperature(p, fit_temperature(p, y, np.arange(12))).max() < 0.99


def test_conditions_count_equally_for_any_number_of_patients():
    """With few patients of a condition, the temperature hardly changes."""
    p, y, _ = make_data(1.0, 4000, classes=2)
    controls = y == 0
    rows = np.concatenate([np.flatnonzero(controls), np.flatnonzero(~controls)[:60]])
    few = fit_temperature(p[rows], y[rows], np.arange(len(rows)))
    assert few == pytest.approx(fit_temperature(p, y, np.arange(len(y))), rel=0.25)


def test_the_images_of_a_patient_count_as_one():
    p, y, groups = make_data(2.0, 600)
    wrong = np.tile([[0.98, 0.005, 0.005, 0.005, 0.005]], (400, 1)).astype(np.float32)
    with_many = fit_temperature(
        np.concatenate([p, wrong]), np.concatenate([y, np.ones(400, int)]), np.append(groups, [600] * 400)
    )
    with_one = fit_temperature(np.concatenate([p, wrong[:1]]), np.append(y, 1), np.append(groups, 600))
    assert with_many == pytest.approx(with_one, rel=1e-3)
