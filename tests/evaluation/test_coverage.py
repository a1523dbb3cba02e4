"""Coverage of the confidence intervals on simulated data with known truth."""

import numpy as np
import pytest

from dysfw.stats.bootstrap import patient_weights
from dysfw.stats.intervals import measured

pytestmark = pytest.mark.slow

CLASSES, PATIENTS, DATA_SETS, RESAMPLES = 6, 25, 200, 400


def simulated(rng: np.random.Generator, patients: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities, classes and patients: one to three images each, with similar predictions."""
    groups = np.repeat(np.arange(CLASSES * patients), rng.integers(1, 4, CLASSES * patients))
    y = groups // patients
    effect = rng.normal(size=(CLASSES * patients, CLASSES))[groups]
    p = np.exp(1.5 * np.eye(CLASSES)[y] + effect + 0.3 * rng.normal(size=effect.shape))
    return p / p.sum(axis=1, keepdims=True), y, groups


def share_covered(patient_wise: bool) -> float:
    """Share of simulated data sets whose interval of the balanced accuracy contains the true value."""
    p, y, _ = simulated(np.random.default_rng(0), 40_000)
    right = p.argmax(axis=1) == y
    truth = np.mean([right[y == k].mean() for k in range(CLASSES)])
    covered = 0
    for seed in range(1, DATA_SETS + 1):
        p, y, patients = simulated(np.random.default_rng(seed), PATIENTS)
        groups = patients if patient_wise else np.arange(len(y))
        interval = measured(p, y, groups, patient_weights(y, groups, RESAMPLES, seed)).overall()["balanced_accuracy"]
        covered += interval.low <= truth <= interval.high
    print(f"\n95 % intervals that cover the truth: {covered / DATA_SETS:.1%} of {DATA_SETS}")
    return covered / DATA_SETS


def test_the_95_percent_interval_of_the_balanced_accuracy_has_this_coverage() -> None:
    assert 0.90 <= share_covered(patient_wise=True) <= 0.98


def test_resampling_images_instead_of_patients_covers_too_little() -> None:
    assert share_covered(patient_wise=False) < 0.90
