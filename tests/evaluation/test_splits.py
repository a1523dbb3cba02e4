"""Splits: every image is tested once, no patient is on both sides, and images that cannot be tested are reported."""

import numpy as np
import pytest

from dysfw.errors import DysfwError
from dysfw.evaluation.splits import UnevaluatedImages, cross_validation, held_out, leave_one_source_out, too_few

LABELS = ("a", "b", "c")


def patients(*numbers: int, images: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Classes and groups of classes with the given numbers of patients, ``images`` images each."""
    groups = np.repeat(np.arange(sum(numbers)), images)
    return np.repeat(np.repeat(np.arange(len(numbers)), numbers), images), groups


def test_each_repeat_tests_every_image_once_and_keeps_patients_together() -> None:
    y, groups = patients(6, 9, 12)
    splits = cross_validation(y, groups, 5, 3, 7)
    assert len(splits) == 15
    for repeat in range(3):
        test_rows = np.concatenate([split.test_rows for split in splits if split.repeat == repeat])
        assert sorted(test_rows) == list(range(len(y)))
    for split in splits:
        assert not set(groups[split.train_rows]) & set(groups[split.test_rows])
        assert set(y[split.train_rows]) == {0, 1, 2}


def test_repeats_differ_and_depend_on_the_seed() -> None:
    y, groups = patients(10, 10)
    first, again = (cross_validation(y, groups, 5, 2, 3) for _ in range(2))
    assert [s.test_rows.tolist() for s in first] == [s.test_rows.tolist() for s in again]
    assert {tuple(s.test_rows) for s in first[:5]} != {tuple(s.test_rows) for s in first[5:]}


def test_splits_are_named() -> None:
    y, groups = patients(3, 3)
    assert [s.name for s in cross_validation(y, groups, 2, 1, 0)] == ["fold 1", "fold 2"]
    assert cross_validation(y, groups, 2, 2, 0)[-1].name == "repeat 2, fold 2"


def test_classes_with_fewer_patients_than_folds_are_named() -> None:
    y, groups = patients(6, 3)
    assert too_few(y, groups, LABELS, 5) == [("b", 3), ("c", 0)]
    assert too_few(y, groups, LABELS[:2], 3) == []


def test_too_few_patients_for_the_folds_are_an_error() -> None:
    y, groups = patients(6, 3)
    with pytest.raises(DysfwError, match="can be divided into 3 patient-wise folds, not 5: 18 images of 18") as error:
        cross_validation(y, groups, 5, 1, 0)
    assert "fewer folds" in (error.value.hint or "")
    with pytest.raises(DysfwError, match=r"cannot be divided by patient: 1 patient\(s\)"):
        cross_validation(np.array([0, 1]), np.array([0, 0]), 2, 1, 0)


def test_the_held_out_split_is_the_one_in_the_data() -> None:
    (split,) = held_out(np.array([True, False, True]))
    assert (split.train_rows.tolist(), split.test_rows.tolist(), split.repeat) == ([0, 2], [1], 0)


@pytest.mark.parametrize(("train", "missing"), [([True, True], "test"), ([False, False], "train"), ([], "train")])
def test_an_empty_side_is_refused(train, missing) -> None:
    with pytest.raises(DysfwError, match=f"no image is left in the split '{missing}'"):
        held_out(np.array(train, bool))


def test_each_source_is_tested_by_training_on_the_others() -> None:
    y, groups = np.array([0, 1, 0, 1, 0, 1]), np.arange(6)
    splits, untested = leave_one_source_out(y, groups, LABELS, ["x", "x", "y", "y", "z", "z"])
    assert [(s.name, s.train_rows.tolist(), s.test_rows.tolist()) for s in splits] == [
        ("x", [2, 3, 4, 5], [0, 1]),
        ("y", [0, 1, 4, 5], [2, 3]),
        ("z", [0, 1, 2, 3], [4, 5]),
    ]
    assert untested == []


def test_a_patient_in_several_sources_is_not_in_training_if_one_of_them_is_tested() -> None:
    y, groups = np.array([0, 0, 1, 0, 0, 1]), np.array([0, 1, 2, 0, 3, 4])
    splits, untested = leave_one_source_out(y, groups, LABELS, ["x", "x", "x", "y", "y", "y"])
    assert [(s.train_rows.tolist(), s.test_rows.tolist()) for s in splits] == [([4, 5], [0, 1, 2]), ([1, 2], [3, 4, 5])]
    assert untested == []


def test_a_class_in_only_one_source_is_reported_as_untested() -> None:
    y, groups = np.array([0, 1, 2, 2, 0, 1]), np.arange(6)
    splits, untested = leave_one_source_out(y, groups, LABELS, ["x", "x", "x", "x", "y", "y"])
    assert [(s.name, s.test_rows.tolist()) for s in splits] == [("x", [0, 1]), ("y", [4, 5])]
    assert untested == [UnevaluatedImages("c", "x", 2)]


def test_a_class_whose_patients_are_removed_from_training_is_untested() -> None:
    y, groups = np.array([0, 1, 2, 0, 1, 2]), np.array([0, 1, 2, 3, 4, 2])
    splits, untested = leave_one_source_out(y, groups, LABELS, ["x", "x", "x", "y", "y", "y"])
    assert [s.test_rows.tolist() for s in splits] == [[0, 1], [3, 4]]
    assert untested == [UnevaluatedImages("c", "x", 1), UnevaluatedImages("c", "y", 1)]


def test_classes_that_each_have_their_own_source_are_an_error() -> None:
    with pytest.raises(DysfwError, match=r"no source can be left out \(x, y\)") as error:
        leave_one_source_out(np.array([0, 0, 1, 1]), np.arange(4), LABELS, ["x", "x", "y", "y"])
    assert "audit" in (error.value.hint or "")


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ([None, None], "2 images of 2 have no source"),
        (["x", ""], "1 image of 2 have no source"),
        (["x", "x"], r"the data have one source \(x\)"),
    ],
)
def test_missing_or_single_sources_are_errors(sources, message) -> None:
    with pytest.raises(DysfwError, match=message):
        leave_one_source_out(np.array([0, 1]), np.arange(2), LABELS, sources)
