"""Do the intervals hold what they promise? Counted on simulated data whose truth is known."""

import numpy as np

from dysfw.stats.bootstrap import patient_weights
from dysfw.stats.intervals import measured

CLASSES, PATIENTS, DATA_SETS, RESAMPLES = 6, 25, 200, 400


def simulated(rng: np.random.Generator, patients: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities, classes and patients: one to three photographs each, which are judged alike."""
    groups = np.repeat(np.arange(CLASSES * patients), rng.integers(1, 4, CLASSES * patients))
    y = groups // patients
    person = rng.normal(size=(CLASSES * patients, CLASSES))[groups]
    p = np.exp(1.5 * np.eye(CLASSES)[y] + person + 0.3 * rng.normal(size=person.shape))
    return p / p.sum(axis=1, keepdims=True), y, groups


def share_covered(patient_wise: bool) -> float:
    """In how many simulated data sets the interval of the balanced accuracy holds the true one."""
    p, y, _ = simulated(np.random.default_rng(0), 40_000)
    right = p.argmax(axis=1) == y
    truth = np.mean([right[y == k].mean() for k in range(CLASSES)])
    covered = 0
    for seed in range(1, DATA_SETS + 1):
        p, y, patients = simulated(np.random.default_rng(seed), PATIENTS)
        groups = patients if patient_wise else np.arange(len(y))
        found = measured(p, y, groups, patient_weights(y, groups, RESAMPLES, seed)).overall()["balanced_accuracy"]
        covered += found.low <= truth <= found.high
    print(f"\n95 % intervals that cover the truth: {covered / DATA_SETS:.1%} of {DATA_SETS}")
    return covered / DATA_SETS


def test_the_interval_of_the_balanced_accuracy_covers_the_truth_as_often_as_it_says() -> None:
    assert 0.90 <= share_covered(patient_wise=True) <= 0.98


def test_with_photographs_taken_for_patients_it_would_cover_it_too_rarely() -> None:
    assert share_covered(patient_wise=False) < 0.90
