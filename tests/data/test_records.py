"""Records of patients in manifests."""

import json
from collections.abc import Callable

import pandas as pd
import pytest

from dysfw.data.dataset import EMPTY, Dataset
from dysfw.data.read import read_dataset
from dysfw.types import PatientRecord


@pytest.fixture
def read(tmp_path) -> Callable:
    """read(columns, *rows): the data set of a manifest with these columns after path and label, with tabs."""

    def read(columns: str, *rows: str, form: str = "csv") -> Dataset:
        for number in range(len(rows)):
            (tmp_path / f"{number}.jpg").touch()
        lines = [f"path\tlabel\t{columns}", *(f"{number}.jpg\tx\t{row}" for number, row in enumerate(rows))]
        (tmp_path / f"list.{form}").write_text("\n".join(lines), "utf-8")
        return read_dataset(tmp_path / f"list.{form}")

    return read


def records(dataset: Dataset) -> list[PatientRecord]:
    return [sample.record for sample in dataset.samples]


def messages(dataset: Dataset, code: str) -> list[str]:
    return [finding.message for finding in dataset.findings if finding.code == code]


def test_columns_of_a_record(read):
    dataset = read(
        "hpo_observed\thpo_excluded\tage\tsex\tancestry",
        "HP:0000343;Long philtrum\tHP:0000286\t3y\tF\tFinnish",
        "\t\t\t\t",
        "Intellectual disability, mild\t\tP3Y6M\tmale\t",
    )
    assert records(dataset) == [
        PatientRecord(("HP:0000343", "Long philtrum"), ("HP:0000286",), 3.0, "female", "Finnish"),
        PatientRecord(),
        PatientRecord(("Intellectual disability, mild",), (), 3.5, "male"),
    ]
    assert messages(dataset, "records_recognised") == [
        "patients' records beside 2 of 3 images: observed signs in 2, excluded signs in 1, age in 2, sex in 2, ancestry in 1"
    ]
    assert not messages(dataset, "columns_unused")


def test_columns_as_the_gestaltmatcher_database_names_them(read):
    dataset = read(
        "present_features\tabsent_features\tage_year\tage_month\tgender\tethnicity\tpatient_id",
        "HP:0000343;HP:0000316\tHP:0000286\t3\t6\tfemale\tEuropean\t7",
        "HP:0000343;HP:0000316\tHP:0000286\t3\t6\tfemale\tEuropean\t7",
        "\t\t\t11\tmale\t\t8",
    )
    first, second, third = records(dataset)
    assert first == PatientRecord(("HP:0000343", "HP:0000316"), ("HP:0000286",), 3.5, "female", "European")
    assert first is second
    assert (third.age, third.sex) == (pytest.approx(11 / 12), "male")
    assert "column 'present_features' is read as hpo_observed" in messages(dataset, "column_recognised")


def test_a_cell_that_cannot_be_used_counts_as_missing_and_is_not_shown(read):
    dataset = read(
        "hpo_observed\tage\tsex",
        "Ptosis\t300\tF",
        "Ptosis\t-20w\tF",
        "Ptosis\t2019-05-03\t1",
        "['Ptosis'\t3\tsecret",
        "Ptosis\tunknown\tNA",
        "Ptosis;NA;\t#REF!\t",
        "Ptosis\t310\tF",
    )
    sexes = ["female", "female", None, None, None, None, "female"]
    ages = [None, None, None, 3.0, None, None, None]
    assert [(one.age, one.sex) for one in records(dataset)] == list(zip(ages, sexes, strict=True))
    assert [one.observed for one in records(dataset)] == [("Ptosis",)] * 3 + [()] + [("Ptosis",)] * 3
    unused = messages(dataset, "record_values_unused")
    assert [message.partition(":")[0] for message in unused] == ["age", "age", "age", "age", "sex", "sex", "hpo_observed"]
    assert unused[0].startswith("age: 2 cells not used, in rows 2, 8: more than 120 years; allowed: 0 to 120 years")
    assert unused[1].startswith("age: 1 cell not used, in row 3: an age before birth")
    everything = json.dumps([finding.message for finding in dataset.findings])
    assert not any(value in everything for value in ("2019", "secret", "300"))
    assert len(messages(dataset, "missing_values")) == 2


def test_a_patient_whose_sex_differs_is_reported_and_each_row_kept(read):
    dataset = read("patient\tsex", "p1\tF", "p1\tM", "p1\t", "p2\tM")
    assert [one.sex for one in records(dataset)] == ["female", "male", None, "male"]
    (finding,) = [finding for finding in dataset.findings if finding.code == "patient_conflicting_sex"]
    assert (finding.severity, finding.images, finding.examples) == ("warning", 1, ("p1",))


def test_lists_of_parquet_files_are_signs(tmp_path):
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).touch()
    signs = [["HP:0000343", "It's a sign, mild"], []]
    frame = pd.DataFrame({"path": ["a.jpg", "b.jpg"], "label": ["x", "y"], "hpo_observed": signs, "age": [3.5, None]})
    frame.to_parquet(tmp_path / "manifest.parquet")
    assert records(read_dataset(tmp_path)) == [PatientRecord(("HP:0000343", "It's a sign, mild"), (), 3.5), PatientRecord()]
    frame.to_csv(tmp_path / "list.csv", index=False)  # lists as Python writes them
    assert records(read_dataset(tmp_path / "list.csv")) == records(read_dataset(tmp_path))


def test_equal_records_are_one_object_and_so_are_equal_signs(read):
    dataset = read("hpo_observed\tage", "HP:0000343;HP:0000286\t3", "HP:0000343; HP:0000286\t3y", "HP:0000343\t", "\t", "NA\t")
    first, second, third, *empty = records(dataset)
    assert first is second
    assert first.observed[0] is third.observed[0]
    assert all(one is EMPTY for one in empty)


def test_a_data_set_without_records_has_no_finding_on_them(read):
    dataset = read("patient", "p1", "p2")
    assert all(record is EMPTY for record in records(dataset))
    assert not [finding for finding in dataset.findings if "record" in finding.code]


def test_a_column_of_other_exclusions_is_no_record(read):
    """A study's column "excluded" says whether an image takes part, not which signs are absent."""
    dataset = read("excluded\tobserved", "yes\tno")
    assert records(dataset) == [PatientRecord()]
    assert "is 'excluded' meant to be hpo_excluded?" in messages(dataset, "columns_unused")[0]


def test_of_ambiguous_columns_of_a_record_none_is_read(read):
    """Many data sets have both race and ethnicity; that must not stop them."""
    dataset = read("race\tethnicity\tgender", "a\tb\tF")
    assert records(dataset) == [PatientRecord(sex="female")]
    message = "more than one column that may be 'ancestry': 'ethnicity', 'race'; none is read"
    assert messages(dataset, "column_ambiguous") == [message]
