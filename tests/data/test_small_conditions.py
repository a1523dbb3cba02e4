from pathlib import Path

import pytest

from dysfw.data.dataset import Dataset, Sample, refuse_too_small
from dysfw.data.small_conditions import leave_out_small_conditions
from dysfw.errors import DysfwError


def dataset(*rows: tuple[str, str, str | None]) -> Dataset:
    samples = tuple(Sample(Path(f"{n}.jpg"), *row) for n, row in enumerate(rows))
    return Dataset(samples, Path("data"))


ROWS = [
    ("a", "1", "train"), ("a", "2", "train"), ("b", "3", "train"), ("b", "3", "train"), ("b", "4", "test"),
    ("c", "5", "train"), ("c", "6", "train"),
]  # fmt: skip


def test_conditions_with_one_patient_to_train_on_are_left_out_and_named():
    kept = leave_out_small_conditions(dataset(*ROWS))
    assert kept.labels == ("a", "c")
    (finding,) = kept.findings
    assert (finding.code, finding.severity, finding.images) == ("too_few_patients", "exclusion", 3)
    assert finding.message == "1 condition with a single patient left out: 'b'"
    refuse_too_small(kept.split("train"), kept.origin)


def test_data_whose_conditions_have_two_patients_are_unchanged():
    data = dataset(*ROWS[:2], *ROWS[5:])
    assert leave_out_small_conditions(data) is data


def test_the_message_names_what_can_be_done():
    with pytest.raises(DysfwError, match=r"too few patients in 'b' \(1 patient\)") as caught:
        refuse_too_small(dataset(*ROWS).split("train"), Path("data"))
    assert "--leave-out-small" in caught.value.hint
    assert "`dysfw gallery add`" in caught.value.hint
