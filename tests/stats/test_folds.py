"""Patient-wise folds."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dysfw.stats.folds import patient_folds

few_examples = settings(max_examples=25, deadline=None)


@st.composite
def data(draw):
    """Classes of 2 to 8 patients with 1 to 4 images each."""
    y, groups, patient = [], [], 0
    for label in range(draw(st.integers(2, 4))):
        for _ in range(draw(st.integers(2, 8))):
            images = draw(st.integers(1, 4))
            y += [label] * images
            groups += [patient] * images
            patient += 1
    order = draw(st.permutations(range(len(y))))
    return np.array(y)[order], np.array(groups)[order]


@few_examples
@given(data(), st.integers(2, 6), st.integers(0, 5))
def test_no_patient_is_in_both_train_and_test_rows(data_set, folds, seed) -> None:
    y, groups = data_set
    for train_rows, test_rows in patient_folds(y, groups, folds, seed):
        assert not set(groups[train_rows]) & set(groups[test_rows])
        assert sorted([*train_rows, *test_rows]) == list(range(len(y)))
        assert len(np.unique(y[train_rows])) > 1


@few_examples
@given(data(), st.integers(2, 6), st.integers(0, 5))
def test_each_row_is_tested_at_most_once_and_missing_only_if_a_fold_is_left_out(data_set, folds, seed) -> None:
    y, groups = data_set
    splits = patient_folds(y, groups, folds, seed)
    test_rows = np.concatenate([test_rows for _, test_rows in splits])
    assert len(test_rows) == len(set(test_rows))
    min_patients = min(len(np.unique(groups[y == k])) for k in np.unique(y))
    max_folds = max(2, min(folds, min_patients))
    assert len(splits) <= max_folds
    assert len(test_rows) == len(y) or len(splits) < max_folds


def test_with_many_patients_every_row_is_tested_exactly_once() -> None:
    y = np.repeat([0, 1, 2], 20)
    groups = np.arange(60) // 2
    splits = patient_folds(y, groups, 5, 0)
    assert len(splits) == 5
    assert sorted(np.concatenate([test_rows for _, test_rows in splits])) == list(range(60))


def test_folds_are_stratified() -> None:
    y = np.repeat([0, 1], [40, 20])
    for _, test_rows in patient_folds(y, np.arange(60), 5, 0):
        assert np.bincount(y[test_rows]).tolist() == [8, 4]


def test_the_seed_determines_the_folds() -> None:
    y, groups = np.repeat([0, 1], 20), np.arange(40)
    first, again, other = ([test_rows.tolist() for _, test_rows in patient_folds(y, groups, 5, seed)] for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_the_class_with_the_fewest_patients_limits_the_folds() -> None:
    y = np.repeat([0, 1], [30, 9])
    groups = np.concatenate([np.arange(30), 100 + np.arange(9) // 3])  # 3 patients in class 1
    assert len(patient_folds(y, groups, 5, 0)) == 3


def test_a_class_with_one_image_causes_no_error_and_no_warning() -> None:
    y = np.array([0] * 6 + [1] * 6 + [2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(patient_folds(y, np.arange(13), 5, 0)) == 2


@pytest.mark.parametrize(
    ("y", "groups", "message"),
    [
        ([], [], r"0 patient\(s\) cannot be divided into 2 folds"),
        ([0, 1, 0, 1], [0, 0, 0, 0], r"1 patient\(s\) cannot be divided into 2 folds"),
        ([0, 0, 1, 1], [0, 0, 1, 1], "the training rows of each fold would hold a single class"),
    ],
)
def test_data_that_cannot_be_divided_are_an_error(y, groups, message) -> None:
    with pytest.raises(ValueError, match=message):
        patient_folds(np.array(y, np.int64), np.array(groups, np.int64), 5, 0)


@pytest.mark.parametrize("patients", [60, 210])
@pytest.mark.parametrize("classes", [2, 3, 14])
def test_the_folds_are_those_of_scikit_learn(patients, classes) -> None:
    from sklearn.model_selection import StratifiedGroupKFold

    for seed in range(6):
        rng = np.random.default_rng(seed)
        images = rng.integers(1, 4 if seed % 2 else 2, patients)
        groups = np.repeat(rng.permutation(patients), images)
        y = np.repeat(np.minimum(np.arange(patients) % (classes * (1 + seed % 2)), classes - 1), images)
        order = rng.permutation(len(y))
        y, groups = np.unique(y[order], return_inverse=True)[1], groups[order]
        found = patient_folds(y, groups, 5, seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            splitter = StratifiedGroupKFold(len(found), shuffle=True, random_state=seed)
            expected = list(splitter.split(y, y, groups))
        for (train, test), (expected_train, expected_test) in zip(found, expected, strict=True):
            assert np.array_equal(train, expected_train)
            assert np.array_equal(test, expected_test)
