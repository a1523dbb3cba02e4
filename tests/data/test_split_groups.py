from pathlib import Path

import pytest

from dysfw.data.dataset import Sample, patient_numbers
from dysfw.data.read import read_dataset
from dysfw.data.split_groups import split_groups
from dysfw.errors import DysfwError


def samples(*rows):
    return [Sample(Path(f"{n}.jpg"), label, patient, publication=paper) for n, (label, patient, paper) in enumerate(rows)]


def test_without_publications_groups_are_patients():
    rows = samples(("a", "p1", None), ("a", "p1", None), ("b", None, None), ("b", None, None))
    assert split_groups(rows).tolist() == patient_numbers(rows).tolist() == [0, 0, 1, 2]


def test_patients_of_one_publication_are_one_group_whatever_they_have():
    rows = samples(("a", "p1", "x"), ("b", "p2", "x"), ("a", "p3", "y"), ("b", None, "y"), ("b", "p4", None))
    groups = split_groups(rows).tolist()
    assert groups[0] == groups[1]
    assert groups[2] == groups[3]
    assert len(set(groups)) == 3


def test_a_patient_in_two_publications_connects_them():
    rows = samples(("a", "p1", "x"), ("a", "p2", "x"), ("a", "p2", "y"), ("a", "p3", "y"), ("a", "p4", "z"))
    groups = split_groups(rows).tolist()
    assert len(set(groups[:4])) == 1
    assert groups[4] != groups[0]


def test_a_manifest_that_divides_a_publication_is_refused(tmp_path):
    for name in ("1.jpg", "2.jpg"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "manifest.csv").write_text("path,label,split,PMID\n1.jpg,a,train,77\n2.jpg,b,test,77\n")
    with pytest.raises(DysfwError, match="1 publication in more than one split; put all rows of a publication into one: 77"):
        read_dataset(tmp_path)
