import numpy as np
import pytest
from sklearn.metrics import roc_curve

from dysfw.stats.bootstrap import patient_weights
from dysfw.stats.fixed_specificity import SPECIFICITIES, controls_needed, sensitivities


def two_classes(found, controls):
    """float32 [1, N, 2]: images of class 0 with these scores for it, then controls with theirs; y; every image a patient."""
    scores = np.array([*found, *controls], np.float32)
    y = np.array([0] * len(found) + [1] * len(controls))
    return np.stack([scores, 1 - scores], axis=1)[None], y, np.arange(len(y))


def measured(probabilities, y, groups, splits=None, resamples=200):
    splits = np.zeros(probabilities.shape[:2], np.int64) if splits is None else splits
    return sensitivities(probabilities, y, groups, patient_weights(y, groups, resamples), splits)


@pytest.mark.parametrize(("specificity", "needed"), [(0.9, 10), (0.95, 20), (0.99, 100)])
def test_a_threshold_needs_one_control_that_may_exceed_it(specificity, needed):
    assert controls_needed(specificity) == needed


def test_the_sensitivity_is_a_point_of_the_curve_of_scikit_learn():
    rng = np.random.default_rng(0)
    probabilities, y, groups = two_classes(rng.beta(4, 2, 50), rng.beta(2, 4, 200))
    by_class, means = measured(probabilities, y, groups)
    rates, found, _ = roc_curve(y == 0, probabilities[0, :, 0], drop_intermediate=False)
    for at, specificity in zip(by_class[0], SPECIFICITIES, strict=True):
        assert at.specificity == specificity
        assert at.sensitivity.value == pytest.approx(found[rates <= 1 - specificity + 1e-9].max())
        assert at.sensitivity.low < at.sensitivity.value < at.sensitivity.high
        assert (at.controls, at.unstated) == (200, None)
    assert [one.unstated for one in by_class[1]] == [None, None, "too_few_controls"]
    assert [(one.conditions, one.controls_needed) for one in means] == [(2, 10), (2, 20), (1, 100)]
    assert means[0].sensitivity.value == pytest.approx(
        (by_class[0][0].sensitivity.value + by_class[1][0].sensitivity.value) / 2
    )
    assert means[2].sensitivity.value == by_class[0][2].sensitivity.value


def test_a_control_tied_with_the_threshold_counts_against_it():
    probabilities, y, groups = two_classes([0.9, 0.8, 0.8, 0.2], [0.8, 0.8, *[0.1] * 8])
    (at, *_), _ = measured(probabilities, y, groups)
    assert at[0].sensitivity.value == 0.25  # two of ten controls have 0.8, and one may exceed the threshold


def test_a_specificity_that_tied_controls_forbid_is_not_reachable():
    probabilities, y, groups = two_classes([0.9] * 5, [0.9] * 5 + [0.1] * 45)
    (at, *_), means = measured(probabilities, y, groups)
    assert [one.unstated for one in at] == [None, "not_reachable", "too_few_controls"]
    assert at[0].sensitivity.value == 1  # exactly a tenth of the controls
    assert at[1].sensitivity is None
    assert means[1].conditions == 0
    assert means[1].sensitivity is None


def test_a_condition_that_is_never_predicted_is_still_ranked():
    probabilities, y, groups = two_classes([0.4] * 12, [0.1] * 30)
    (at, *_), _ = measured(probabilities, y, groups)
    assert at[0].sensitivity.value == 1
    assert at[0].sensitivity.low < 1  # twelve patients do not show certainty


def test_controls_are_patients_and_the_split_with_fewest_counts():
    rng = np.random.default_rng(1)
    probabilities, y, _ = two_classes(rng.random(20), rng.random(60))
    groups = np.array([*range(20), *np.repeat(np.arange(20, 40), 3)])  # 20 controls with three images each
    splits = (groups % 4 == 0).astype(np.int64)[None]
    (at, *_), _ = measured(probabilities, y, groups, splits)
    assert at[0].controls == 5
    assert at[0].unstated == "too_few_controls"


def test_a_patient_with_both_classes_is_a_control_too():
    probabilities, y, groups = two_classes(np.linspace(0.5, 1, 10), np.linspace(0, 0.6, 10))
    groups[10:] = groups[:10]
    (at, *_), _ = measured(probabilities, y, groups)
    assert at[0].controls == 10


def test_a_condition_with_one_patient_has_no_interval_and_one_without_images_no_value():
    rng = np.random.default_rng(2)
    probabilities = rng.dirichlet(np.ones(3), 31)[None].astype(np.float32)
    y = np.array([0] + [1] * 30)
    by_class, _ = measured(probabilities, y, np.arange(31))
    assert by_class[0][0].sensitivity.low is None
    assert by_class[0][0].controls == 30
    assert [one.unstated for one in by_class[2]] == ["not_tested"] * 3


def test_the_interval_covers_whole_patients():
    """Many images of few patients: the interval is as wide as for one image of each."""
    rng = np.random.default_rng(3)
    found, controls = rng.random(10), rng.random(40) * 0.8
    one = measured(*two_classes(found, controls), resamples=500)[0][0][0]
    y = np.array([0] * 100 + [1] * 400)
    scores = np.repeat([*found, *controls], 10).astype(np.float32)
    many = measured(np.stack([scores, 1 - scores], axis=1)[None], y, np.repeat(np.arange(50), 10), resamples=500)[0][0][0]
    assert many.sensitivity == one.sensitivity


def test_repeats_are_averaged():
    first, y, groups = two_classes([0.9] * 4, [0.1] * 20)
    second = 1 - first
    (at, *_), _ = measured(np.concatenate([first, second]), y, groups)
    assert at[0].sensitivity.value == 0.5
