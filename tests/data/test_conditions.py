"""Descriptions of labels in a labels.yaml next to the images."""

import pytest

from dysfw.data.conditions import Condition, read_conditions
from dysfw.data.read import read_dataset
from dysfw.errors import DysfwError

GOOD = """\
down: {name: Down syndrome, mondo: MONDO:0008608, omim: OMIM:190685, orpha: ORPHA:870, synonyms: [trisomy 21]}
noonan: {name: Noonan syndrome}
another: {mondo: MONDO:0000001}
"""


@pytest.fixture
def described(tmp_path):
    def read(text, labels=("down", "noonan", "unaffected")):
        (tmp_path / "labels.yaml").write_text(text)
        return read_conditions(tmp_path, labels)

    return read


def error_of(read, text, **arguments):
    with pytest.raises(DysfwError) as caught:
        read(text, **arguments)
    return str(caught.value)


def test_labels_get_names_and_identifiers_and_the_file_may_describe_more_or_fewer(described):
    found = described(GOOD)
    assert list(found) == ["down", "noonan"]
    assert found["down"].identifiers == ("MONDO:0008608", "OMIM:190685", "ORPHA:870")
    assert str(found["down"]) == "Down syndrome (MONDO:0008608, OMIM:190685, ORPHA:870)"
    assert str(found["noonan"]) == "Noonan syndrome"
    assert str(Condition(omim="OMIM:190685")) == "OMIM:190685"
    assert found["down"].synonyms == ("trisomy 21",)


def test_without_the_file_no_label_is_described(tmp_path):
    assert read_conditions(tmp_path, ["down"]) == {}


def test_all_problems_are_reported_at_once_with_their_position(described):
    message = error_of(described, "down:\n  mondo: 8608\n  omimm: OMIM:190685\nnoonan: [x]\n")
    assert "3 problems in" in message
    assert "labels.yaml:2:3: down.mondo: found 8608; allowed: MONDO: followed by seven digits" in message
    assert "labels.yaml:3:3: down.omimm: unknown key; did you mean 'omim'?" in message
    assert "labels.yaml:4:1: noonan: found ['x']; allowed: keys and values" in message


@pytest.mark.parametrize(("text", "part"), [
    ("- down\n", "a mapping of labels to descriptions, found a list"),
    ("", "found nothing"),
    ("down: {name: a}\ndown: {name: b}\n", "this key appears twice"),
    ("down: !!python/object:os.system {}\n", "is not allowed"),
    ("down: {name: [\n", "not valid YAML"),
])  # fmt: skip
def test_an_invalid_file_is_refused(described, text, part):
    message = error_of(described, text)
    assert part in message
    assert "recipe:" not in message


@pytest.mark.parametrize("text", [
    "down: {name: Down syndrome, synonyms: [Trisomy  21]}\n",
    "down: {omim: OMIM:190685}\ntrisomy 21: {omim: OMIM:190685}\n",
])  # fmt: skip
def test_two_labels_of_one_condition_are_refused(described, text):
    message = error_of(described, text, labels=("down", "trisomy 21"))
    assert "the labels 'trisomy 21' and 'down' both stand for" in message
    assert described(text, labels=("down",))


def test_conditions_are_read_with_a_folder_and_with_a_manifest(paint, tmp_path):
    for label in ("down", "noonan"):
        paint(f"data/{label}/1.png", (9, 9, 9))
    (tmp_path / "data" / "labels.yaml").write_text(GOOD)
    from_folder = read_dataset(tmp_path / "data")
    assert from_folder.findings == ()
    (tmp_path / "data" / "some.csv").write_text("path,label\ndown/1.png,down\nnoonan/1.png,noonan\n")
    assert (
        read_dataset(tmp_path / "data" / "some.csv").conditions
        == from_folder.conditions
        == read_conditions(tmp_path / "data", ["down", "noonan"])
    )
