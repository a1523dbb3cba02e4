"""Options for the record of a patient."""

import io
import os
from pathlib import Path

import pytest

from dysfw.cli.record import record_of
from dysfw.errors import DysfwError
from dysfw.types import PatientRecord

NOTHING = dict.fromkeys(("terms", "excluded_terms", "age", "sex", "ancestry", "record_file"))


def record(**given: object) -> PatientRecord:
    return record_of(**(NOTHING | given))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "record.yaml"
    path.write_text("observed: [HP:0000343]\nexcluded: [HP:0000286]\nage: 3\nsex: female\n")
    return path


def test_without_options_the_record_is_empty():
    assert not record()


def test_options_become_a_record():
    assert record(
        terms=["Long philtrum", "HP:0000316;HP:0000508"], excluded_terms=["hp:0000286"], age="3y", sex="F", ancestry="Finnish"
    ) == PatientRecord(("Long philtrum", "HP:0000316", "HP:0000508"), ("HP:0000286",), 3.0, "female", "Finnish")


def test_options_add_to_a_file(file):
    assert record(record_file=file) == PatientRecord(("HP:0000343",), ("HP:0000286",), 3.0, "female")
    assert record(record_file=str(file), terms=["Ptosis", "HP:0000343"], age="P3Y") == PatientRecord(
        ("HP:0000343", "Ptosis"), ("HP:0000286",), 3.0, "female"
    )


def test_standard_input_is_a_file(monkeypatch, capsys):
    family = b'{"proband": {"phenotypicFeatures": [{"type": {"id": "HP:0000343"}}], "subject": {}}}'
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(family), encoding="utf-8"))
    assert record(record_file="-") == PatientRecord(("HP:0000343",))
    assert "only its proband is used" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"age": "300"}, "--age “300”: more than 120 years; allowed: 0 to 120 years"),
        ({"age": "-20w"}, "--age “-20w”: an age before birth"),
        ({"sex": "2"}, "--sex “2”: a number, whose meaning differs between programs"),
        ({"terms": ["Ptosis", " "]}, "--term is empty"),
        ({"terms": ["x" * 300]}, "a text of 300 characters"),
        ({"ancestry": "\x1b[2J"}, "--ancestry"),
        ({"terms": ["Ptosis"], "excluded_terms": ["ptosis"]}, "observed and excluded at once: “ptosis”"),
    ],
)
def test_values_that_are_not_allowed_are_named_with_their_option(given, message):
    with pytest.raises(DysfwError) as error:
        record(**given)
    assert message in error.value.message
    assert "\x1b" not in str(error.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"age": "4"}, "--age differs from what --record holds"),
        ({"sex": "m"}, "--sex differs from what --record holds"),
        ({"terms": ["HP:0000286"]}, "observed and excluded at once, counting --record: “hp:0000286”"),
    ],
)
def test_options_that_contradict_the_file_are_refused(file, given, message):
    with pytest.raises(DysfwError) as error:
        record(record_file=file, **given)
    assert message in error.value.message


def test_a_file_that_contradicts_itself_does_not_stop_the_options(file):
    file.write_text("observed: [HP:0000343]\nexcluded: [HP:0000343]\n")
    assert record(record_file=file, terms=["Ptosis"]).observed == ("HP:0000343", "Ptosis")


def test_the_help_says_where_options_are_kept():
    from typing import get_args

    from dysfw.cli.record import TermOption

    assert "shell's history" in get_args(TermOption)[1].help


SECRETS = ("secret sign", "Secret Island", "2019-05-03", "37.25", "P37Y")


def holding_a_secret(*folders: Path) -> list[str]:
    """Files whose name or content has a text of the record."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert files
    return [
        str(path)
        for path in files
        if any(secret in str(path) or secret.encode() in path.read_bytes() for secret in SECRETS)
    ]  # fmt: skip


def test_nothing_of_a_record_is_kept_in_cache_or_bundle(dysfw, toy_recipe, colour_data, tmp_path, paint):
    """Not of the patient whose image is predicted, and not of those whose images are training data."""
    images = sorted(colour_data.rglob("*.png"))
    ages = ["37.25", "2019-05-03"]
    rows = [f"{path},{path.parent.name},warm;secret sign,{ages[n % 2]},Secret Island" for n, path in enumerate(images)]
    (tmp_path / "list.csv").write_text("\n".join(["path,label,hpo_observed,age,ancestry", *rows]))
    recipe = tmp_path / "evidence.yaml"
    recipe.write_text(toy_recipe.read_text() + "evidence: [{use: toy_signs}]\n")
    trained = dysfw("train", recipe, tmp_path / "list.csv", "-o", tmp_path / "bundle")
    assert trained.code == 0, trained.err
    assert not any(secret in trained.out + trained.err for secret in SECRETS)
    (tmp_path / "record.yaml").write_text("observed: [warm, secret sign]\nage: 37.25\nancestry: Secret Island\n")
    ran = dysfw("run", tmp_path / "bundle", paint("a.png", (200, 40, 40)), "--record", tmp_path / "record.yaml")
    assert ran.code == 0, ran.err
    assert "warm" in ran.out  # the record is used
    assert holding_a_secret(tmp_path / "bundle", Path(os.environ["DYSFW_CACHE"])) == []
    image = paint("a.png", (200, 40, 40))
    table = dysfw("run", tmp_path / "bundle", image, "--record", tmp_path / "record.yaml", "--format", "csv")
    assert "is no sign" in table.err  # a table has no place for it
    typed = dysfw("run", tmp_path / "bundle", image, "--record", tmp_path / "record.yaml", "--term", "colld")
    assert typed.code == 2
    assert "nothing was predicted" in typed.err
