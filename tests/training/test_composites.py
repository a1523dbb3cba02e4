"""Composites of training patients: who is in them, with what weight, and what bundles hold."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from dysfw.bundle.contents import Manifest
from dysfw.bundle.read import read_bundle
from dysfw.cache.location import cache_folder
from dysfw.cache.store import clear
from dysfw.data.checks import read_signatures
from dysfw.data.read import read_dataset
from dysfw.errors import DysfwError
from dysfw.inference.build import build
from dysfw.inference.loading import open_pipeline
from dysfw.recipe.check import load_recipe
from dysfw.training.composites import CompositeMaker
from dysfw.training.gallery import open_gallery, remove_cases
from dysfw.training.preparation import SignatureObserver
from dysfw.training.train import train
from dysfw.util.progress import Silent

CENTRE = 64  # a pixel of the face


@pytest.fixture(autouse=True)
def state(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "dysfw" / "composites"


class Data:
    """A data set of plain faces with some noise. Everyone agrees unless a test says otherwise."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.rows = []
        self.written = 0

    def add(self, label, patient, *, grey, images=1, consent="yes"):
        for _ in range(images):
            self.written += 1
            pixels = np.random.default_rng(self.written).normal(grey, 25, (64, 64, 3))
            name = f"{self.written}.png"
            self.folder.mkdir(exist_ok=True)
            Pillow.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(self.folder / name)
            self.rows.append([name, label, patient, consent])

    def read(self):
        lines = [",".join(row) for row in (["path", "label", "patient", "composite_consent"], *self.rows)]
        (self.folder / "manifest.csv").write_text("\n".join(lines) + "\n")
        return read_dataset(self.folder)


@pytest.fixture
def data(tmp_path):
    """Twelve patients with the condition "dark", of 80, and seven with "light", of 180."""
    made = Data(tmp_path / "data")
    for n in range(12):
        made.add("dark", f"d{n}", grey=80)
    for n in range(7):
        made.add("light", f"l{n}", grey=180)
    return made


@pytest.fixture
def recipe(toys, toy_recipe):
    return load_recipe(toy_recipe, toys)


@pytest.fixture
def trained(recipe, tmp_path, data):
    """trained(): train with composites; returns the folder and the result."""

    def make(name="bundle", recipe=recipe, **options):
        return tmp_path / name, train(recipe, data.read(), tmp_path / name, Silent(), **({"composites": True} | options))

    return make


def outcome_of(result, label):
    return next(one for one in result.composites if one.label == label)


def test_a_condition_with_enough_patients_has_a_composite(toys, trained):
    folder, result = trained()
    pipeline = open_pipeline(folder, toys)
    assert list(pipeline.composites) == ["dark"]
    composite = pipeline.composites["dark"]
    assert (composite.patients, composite.pixels.shape, composite.pixels.dtype) == (12, (128, 128, 3), np.uint8)
    assert abs(composite.pixels[CENTRE, CENTRE].astype(int) - 80).max() < 20
    assert outcome_of(result, "dark").patients == 12
    assert str(outcome_of(result, "light")) == (
        "light: no composite: 7 of 7 named training patients agreed, and at least 10 are needed"
    )
    assert "| dark | 12 | 128 px |" in (folder / "MODEL_CARD.md").read_text()


def test_what_is_beside_the_face_is_not_shown(trained, toys):
    pixels = open_pipeline(trained()[0], toys).composites["dark"].pixels
    assert (pixels[0] == 128).all()
    assert (pixels[:, 0] == 128).all()


def test_without_the_option_a_bundle_is_as_before(trained, toys, state):
    folder, result = trained(composites=False)
    manifest = json.loads((folder / "bundle.json").read_text())
    assert "composites" not in manifest
    assert "composites.safetensors" not in manifest["files"]
    assert not (folder / "composites.safetensors").exists()
    assert not open_pipeline(folder, toys).composites
    assert result.composites == ()
    assert not state.exists()


def test_every_patient_has_the_same_weight(data, trained, toys):
    """A bright patient with five images counts as one of twelve: 80 + (200 - 80) / 12 = 90, not 80 + 120 * 5 / 16 = 118."""
    data.rows = [row for row in data.rows if row[2] != "d0"]
    data.add("dark", "d0", grey=200, images=5)
    composite = open_pipeline(trained()[0], toys).composites["dark"]
    assert composite.patients == 12
    assert composite.pixels[32:96, 32:96].mean() == pytest.approx(90, abs=2)


@pytest.mark.parametrize("cell", ["", "no", "maybe"])
def test_who_did_not_agree_is_in_no_composite(data, trained, toys, cell):
    data.add("dark", "d12", grey=255, consent=cell)
    composite = open_pipeline(trained()[0], toys).composites["dark"]
    assert composite.patients == 12
    assert composite.pixels[32:96, 32:96].mean() == pytest.approx(80, abs=2)


def test_a_no_in_any_row_of_a_patient_counts(data, trained):
    for n in range(3):
        data.add("dark", f"d{n}", grey=80, consent="no")
    assert outcome_of(trained()[1], "dark").reason == "9 of 12 named training patients agreed, and at least 10 are needed"


def test_a_no_to_a_copy_of_the_image_counts(data, trained):
    """The copies are excluded from training, so the patients who say yes are trained on."""
    for n in range(3):
        copy = f"copy{n}.png"
        (data.folder / copy).write_bytes((data.folder / data.rows[n][0]).read_bytes())
        data.rows.append([copy, "dark", f"other{n}", "no"])
    assert outcome_of(trained()[1], "dark").patients == 0


def test_images_without_a_patient_do_not_count(data, trained):
    for row in data.rows[:3]:
        row[2] = ""
    assert outcome_of(trained()[1], "dark").reason == "9 of 9 named training patients agreed, and at least 10 are needed"


def test_patients_who_share_an_image_are_one(data, trained):
    for n in range(3):
        data.add("dark", f"d{n + 3}", grey=80)
        (data.folder / data.rows[-1][0]).write_bytes((data.folder / data.rows[n][0]).read_bytes())
    assert outcome_of(trained()[1], "dark").reason.startswith("9 of 9 named training patients agreed")


def test_a_training_that_reads_images_apart_makes_the_same_composite(recipe, data, trained, state):
    """Fine-tuning does not pass its images through the pipeline."""
    _, result = trained()
    shutil.rmtree(state)
    dataset = data.read()
    with CompositeMaker(dataset, SignatureObserver()) as maker:
        maker.read(build(recipe).detector, read_signatures(dataset, Silent())[0], Silent())
        made, _ = maker.make(dataset.samples, dataset.samples)
    assert made["dark"].entry == result.manifest.composites["dark"]


def test_a_changed_composite_is_detected(trained, toys):
    folder, _ = trained()
    content = bytearray((folder / "composites.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "composites.safetensors").write_bytes(content)
    with pytest.raises(DysfwError, match=r"composites\.safetensors was changed after it was written"):
        read_bundle(folder, toys)
    (folder / "composites.safetensors").unlink()
    with pytest.raises(DysfwError, match=r"composites\.safetensors is missing"):
        read_bundle(folder, toys)


def test_an_image_without_a_face_leaves_the_others(data, trained):
    data.add("dark", "d12", grey=0)  # the toy detector finds no face in the dark
    _, result = trained()
    assert outcome_of(result, "dark").patients == 12
    assert [failure.code for failure in result.failures] == ["no_face"]


def test_a_gallery_keeps_only_composites_of_conditions_of_which_no_case_was_removed(toys, toy_recipe, data, trained, tmp_path):
    for n in range(7, 12):
        data.add("light", f"l{n}", grey=180)
    folder, _ = trained(recipe=load_recipe(toy_recipe, toys, ["head={use: gallery}"]))
    gallery = open_gallery(folder, toys)
    assert set(gallery.bundle.composites) == {"dark", "light"}
    remove_cases(gallery, [data.rows[0][0]], [], tmp_path / "fewer")
    fewer = read_bundle(tmp_path / "fewer", toys)
    assert list(fewer.composites) == ["light"]
    np.testing.assert_array_equal(fewer.composites["light"].pixels, gallery.bundle.composites["light"].pixels)
    assert "removed the composites of dark" in (tmp_path / "fewer" / "MODEL_CARD.md").read_text()


@pytest.mark.parametrize("name", ["paper-phantom", "gestalt-phantom"])
def test_bundles_from_before_composites_keep_their_fingerprint(name):
    path = Path(__file__).parents[2] / "plugins" / "dysfw-phantom" / "dysfw_phantom" / "bundles" / name / "bundle.json"
    content = path.read_text()
    assert "composites" not in json.loads(content)
    manifest = Manifest.model_validate_json(content)
    assert manifest.computed_fingerprint() == json.loads(content)["fingerprint"]


def test_nothing_of_the_ledger_is_in_the_bundle(trained, state):
    folder, _ = trained()
    ledger = json.loads((state / "ledger.json").read_text())
    secrets = [ledger["key"], *(text for one in ledger["entries"][0]["members"] for text in (one["name"], *one["images"]))]
    stored = b"".join(path.read_bytes() for path in folder.iterdir())
    assert len(secrets) == 1 + 2 * 12
    assert not any(secret.encode() in stored or bytes.fromhex(secret) in stored for secret in secrets)
    assert not list(folder.glob("*.png"))


def test_clearing_the_cache_keeps_the_ledger(trained, state):
    _, result = trained()
    clear(cache_folder())
    _, again = trained("again")
    assert again.manifest.composites == result.manifest.composites
    assert outcome_of(again, "dark").reason.startswith("an earlier composite is used again, since nobody changed")


def test_a_damaged_ledger_is_refused_before_any_image_is_read(trained, data, state):
    trained()
    (state / "ledger.json").write_text("")
    for row in data.rows:
        (data.folder / row[0]).write_bytes(b"")
    with pytest.raises(DysfwError, match="the ledger of composites in .* is damaged"):
        trained("again")
