"""Comparison of a data set with the frozen one."""

import csv

import pytest
from dysfw_phantom import frozen
from dysfw_phantom.dataset import MANIFEST, make_dataset
from dysfw_phantom.frozen import Frozen, compare, images_hash
from dysfw_phantom.spec import parse_spec

from dysfw.errors import DysfwError
from dysfw.plugin import sha256_of
from dysfw.util.progress import Silent

SPEC = "version: 2\nname: mine\nsize: 64\nclasses:\n  - {condition: phantom-williams-syndrome, patients: 2}\n"


@pytest.fixture
def data_set(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    make_dataset(parse_spec(SPEC, "mine.yaml", tmp_path), folder, 1, Silent())
    hashes = Frozen(manifest=sha256_of(folder / MANIFEST), images=images_hash(folder, Silent()))
    monkeypatch.setattr(frozen, "frozen_specs", lambda: {"mine": hashes})
    return folder


def an_image(data_set):
    with (data_set / MANIFEST).open() as file:
        return data_set / next(csv.DictReader(file))["path"]


def test_the_same_data_set_is_recognised(data_set):
    assert "the same to the bit" in compare("mine", data_set, Silent())


def test_another_image_is_noticed(data_set):
    an_image(data_set).write_bytes(b"another")
    assert "images are not the same to the bit" in compare("mine", data_set, Silent())


def test_another_manifest_is_noticed(data_set):
    with (data_set / MANIFEST).open("a") as file:
        file.write("\n")
    assert "do not compare results" in compare("mine", data_set, Silent())


def test_a_missing_image_is_an_error(data_set):
    an_image(data_set).unlink()
    with pytest.raises(DysfwError, match="cannot read"):
        compare("mine", data_set, Silent())
