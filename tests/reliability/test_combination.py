"""The face and the evidence of a record, combined."""

import numpy as np
import pytest

from dysfw.reliability.combination import CombinationWeights, combine, fit_combination, known_rows
from dysfw.reliability.temperature import apply_temperature

UNIFORM = np.full(3, 1 / 3)
BAYES = CombinationWeights(1.0, (1.0,))


def simulated(patients: int, *, evidence: float, face: float = 1.0, seed: int = 0):
    """Patients of three conditions, with Gaussian log-likelihoods of the given strength: face, evidence, condition."""
    rng = np.random.default_rng(seed)
    y = np.arange(patients) % 3
    parts = []
    for strength in (face, evidence):
        measured = strength * np.eye(3)[y] + rng.standard_normal((patients, 3))
        parts.append(strength * measured)  # the log-likelihood of a unit normal, but for a constant
    of_face = np.exp(parts[0]) / np.exp(parts[0]).sum(1, keepdims=True)
    return of_face.astype(np.float32), parts[1][:, None].astype(np.float32), y, np.arange(patients)


def test_with_weights_of_one_it_is_bayes_theorem():
    face, ratios, prior = np.array([[0.5, 0.3, 0.2]], np.float32), np.array([2.0, 1.0, 8.0]), np.array([0.6, 0.2, 0.2])
    at_prior = (face * prior / (face * prior).sum()).astype(np.float32)
    expected = face[0] * prior * ratios / (face[0] * prior * ratios).sum()
    found = combine(at_prior, np.log(ratios)[None, None].astype(np.float32), prior, BAYES)
    np.testing.assert_allclose(found[0], expected, rtol=1e-5)


def test_without_a_record_the_face_stays_as_it_is():
    face = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]], np.float32)
    values = np.full((2, 1, 3), np.nan, np.float32)
    values[1] = 0.0
    found = combine(face, values, UNIFORM, CombinationWeights(0.5, (1.0,)))
    assert np.array_equal(found[0], face[0])
    np.testing.assert_allclose(found[1], apply_temperature(face[1:], 2.0)[0], rtol=1e-5)  # a record that says nothing
    assert known_rows(values).tolist() == [False, True]


def test_a_condition_that_evidence_does_not_know_has_a_likelihood_ratio_of_one():
    face, values = np.full((1, 3), 1 / 3, np.float32), np.array([[[np.log(4.0), np.nan, np.log(0.25)]]], np.float32)
    np.testing.assert_allclose(combine(face, values, UNIFORM, BAYES)[0], np.array([4, 1, 0.25]) / 5.25, rtol=1e-5)


def test_the_weights_of_well_specified_parts_are_those_of_bayes_theorem():
    weights = fit_combination(*simulated(3000, evidence=1.5))
    assert (weights.face, *weights.evidence) == pytest.approx((1.0, 1.0), abs=0.1)
    assert weights.patients == 3000


def test_evidence_that_exaggerates_counts_less_and_noise_counts_nothing():
    face, values, y, groups = simulated(1500, evidence=1.5)
    exaggerated = fit_combination(face, 4 * values, y, groups)
    assert exaggerated.evidence[0] == pytest.approx(0.25, abs=0.04)
    shuffled = fit_combination(face, np.random.default_rng(1).permutation(values), y, groups)
    assert shuffled.evidence[0] == pytest.approx(0.0, abs=0.05)
    assert shuffled.face == pytest.approx(1.0, abs=0.15)


def test_few_patients_do_not_make_the_record_certain():
    face, values = np.full((4, 2), 0.5, np.float32), np.array([[2.0, -2.0], [-2.0, 2.0]] * 2, np.float32)[:, None]
    weights = fit_combination(face, values, np.array([0, 1, 0, 1]), np.arange(4))
    assert 0.9 < weights.evidence[0] < 1.2


def test_a_patient_with_many_images_counts_once():
    face, values, y, groups = simulated(60, evidence=1.0)
    rows = np.concatenate([np.arange(60), np.zeros(40, np.int64)])
    once, often = fit_combination(face, values, y, groups), fit_combination(face[rows], values[rows], y[rows], groups[rows])
    assert (often.face, *often.evidence) == pytest.approx((once.face, *once.evidence), abs=1e-3)


def test_without_any_record_nothing_is_fitted():
    weights = fit_combination(
        np.full((4, 2), 0.5, np.float32), np.full((4, 2, 2), np.nan, np.float32), np.arange(4) % 2, np.arange(4)
    )
    assert weights == CombinationWeights(1.0, (1.0, 1.0), 0)
