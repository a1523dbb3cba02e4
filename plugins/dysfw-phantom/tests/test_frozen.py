"""Frozen data sets: that they stay what they are, and that another one is recognised."""

import csv
import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from dysfw_phantom import frozen
from dysfw_phantom.dataset import MANIFEST, make_dataset
from dysfw_phantom.frozen import Frozen, compare, frozen_specs, images_hash
from dysfw_phantom.phantom import capture, make_phantom
from dysfw_phantom.plan import planned_patients
from dysfw_phantom.spec import find_spec, parse_spec
from dysfw_phantom.truth import MANIFEST_COLUMNS, record

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


def phantom_of(spec, patient):
    condition = spec.classes[patient.class_index].condition
    return make_phantom(
        condition, spec.config.seed, patient.number, patient.name(spec),
        age=spec.config.age, published=patient.published, version=spec.config.version,
    )  # fmt: skip


@pytest.fixture(scope="module")
def field():
    return find_spec("field")


def test_the_manifest_of_field_is_the_frozen_one(field):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(MANIFEST_COLUMNS)
    for patient in planned_patients(field):
        row = record(phantom_of(field, patient), patient.published)
        for index in range(patient.images):
            first = [patient.path(field, index), patient.label(field), patient.name(field), "", "phantom"]
            writer.writerow(first + [row[name] for name in MANIFEST_COLUMNS[5:]])
    assert hashlib.sha256(text.getvalue().encode()).hexdigest() == frozen_specs()["field"].manifest


def thumbnails(spec):
    """Every 61st patient of the data set, uint8 [P, 16, 16, 3]."""
    images = [capture(phantom_of(spec, one), 0, spec.config.size).pixels for one in list(planned_patients(spec))[::61]]
    return np.stack([image.reshape(16, 16, 16, 16, 3).mean(axis=(1, 3)) for image in images]).round().astype(np.uint8)


def test_images_of_field_are_the_frozen_ones(field):
    """With a tolerance, because other processors round differently."""
    expected = np.load(Path(__file__).with_name("field-thumbnails.npy"))
    assert np.abs(thumbnails(field).astype(int) - expected).max() <= 2


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
