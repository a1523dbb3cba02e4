"""Patients, classes and splits of a data set."""

from pathlib import Path

import numpy as np
import pytest

from dysfw.data.dataset import Dataset, Sample, patient_numbers, refuse_too_small
from dysfw.errors import DysfwError

HERE = Path("data")


def sample(label: str, patient: str | None = None, split: str | None = None) -> Sample:
    return Sample(Path("a.jpg"), label, patient, split)


def test_a_patient_has_one_number_and_an_image_without_patient_its_own() -> None:
    numbers = patient_numbers(
        [sample("x", "p1"), sample("x"), sample("y", "p1"), sample("y"), sample("y", "p2"), sample("y", "1")]
    )
    assert numbers.dtype == np.int64
    assert numbers.tolist() == [0, 1, 0, 2, 3, 4]  # the patient called "1" is not the second image


def test_no_images_have_no_patients() -> None:
    assert patient_numbers([]).tolist() == []


def test_labels_are_sorted_and_unique() -> None:
    assert Dataset((sample("noonan"), sample("down"), sample("noonan")), HERE).labels == ("down", "noonan")


def test_patients_are_known_only_if_every_image_has_one() -> None:
    assert Dataset((sample("x", "1"), sample("y", "2")), HERE).knows_patients
    assert not Dataset((sample("x", "1"), sample("y")), HERE).knows_patients


def test_without_splits_everything_is_for_training() -> None:
    dataset = Dataset((sample("x"), sample("y")), HERE)
    assert dataset.split("train") == dataset.samples
    assert dataset.split("test") == ()


def test_each_image_is_in_its_own_split() -> None:
    dataset = Dataset((sample("x", split="train"), sample("y", split="test")), HERE)
    assert dataset.split("train") == dataset.samples[:1]
    assert dataset.split("test") == dataset.samples[1:]


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        ([], "0 classes found (none); at least 2 are needed"),
        ([sample("x"), sample("x")], "1 class found (x); at least 2 are needed"),
        ([sample("x"), sample("x"), sample("y")], "too few patients in 'y' (1 patient)"),
        ([sample("x", "1"), sample("x", "1"), sample("y", "2"), sample("y", "3")], "too few patients in 'x' (1 patient)"),
    ],
)
def test_data_too_small_to_train_on_are_refused(samples, words) -> None:
    with pytest.raises(DysfwError) as caught:
        refuse_too_small(samples, HERE)
    assert caught.value.message.startswith("data: ")
    assert words in caught.value.message
    assert caught.value.hint


def test_two_patients_in_each_of_two_classes_are_enough() -> None:
    refuse_too_small([sample("x", "1"), sample("x", "2"), sample("y", "3"), sample("y", "4")], HERE)
    refuse_too_small([sample("x"), sample("x"), sample("y"), sample("y")], HERE)
