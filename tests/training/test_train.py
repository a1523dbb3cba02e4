import json

import numpy as np
import pytest
import yaml

from dysfw.bundle.read import read_bundle
from dysfw.data.read import read_dataset
from dysfw.errors import DysfwError
from dysfw.inference.loading import open_pipeline
from dysfw.recipe.check import load_recipe
from dysfw.training.train import train
from dysfw.util.progress import Silent


@pytest.fixture
def trained(toys, toy_recipe, colour_data, tmp_path):
    """trained("fusion.use=stacking"): train the toy recipe on the colour data; returns the bundle folder and the result."""

    def make(*overrides: str, data=colour_data, name="bundle"):
        recipe = load_recipe(toy_recipe, toys, overrides)
        return tmp_path / name, train(recipe, read_dataset(data), tmp_path / name, Silent())

    return make


def test_a_bundle_predicts_the_conditions_it_was_trained_on(toys, trained, paint):
    folder, result = trained()
    pipeline = open_pipeline(folder, toys)
    (prediction,) = pipeline.predict([paint("new.png", (200, 40, 40), seed=99)])
    assert prediction.labels == ("green", "red", "sand")
    assert prediction.labels[prediction.ranking[0]] == "red"
    assert prediction.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert prediction.region_probabilities.shape == (2, 3)
    assert result.manifest.cross_validated.fused.balanced_accuracy == 1
    assert result.failures == ()


def test_test_images_take_no_part_in_fitting(toys, trained, colour_data):
    _, result = trained("head={use: softmax}")
    assert result.manifest.data.images == 24  # 4 of 5 patients, 2 images each, 3 classes
    assert result.manifest.held_out.fused.images == 6
    labels = [line.split(",") for line in (colour_data / "manifest.csv").read_text().splitlines()]
    only_train = [line for line in labels if line[3] != "test"]
    (colour_data / "manifest.csv").write_text("\n".join(",".join(line) for line in only_train))
    folder, without = trained("head={use: softmax}", name="without")
    assert without.manifest.held_out is None
    assert read_bundle(folder, toys).manifest.files["state.safetensors"] == result.manifest.files["state.safetensors"]


def test_patients_do_not_leak_into_the_cross_validated_scores(toys, toy_recipe, paint, tmp_path):
    """Colour depends on the patient, not on the class: a head trained on the patient would always be right."""
    rows, rng = ["path,label,patient"], np.random.default_rng(1)
    for patient in range(24):
        colour = tuple(rng.integers(40, 215, 3))
        for image in range(2):
            paint(f"leak/{patient}-{image}.png", colour, seed=patient * 2 + image)
            rows.append(f"{patient}-{image}.png,{'ab'[patient % 2]},p{patient}")
    (tmp_path / "leak" / "manifest.csv").write_text("\n".join(rows))
    recipe = load_recipe(toy_recipe, toys, ["head.C=1000"])
    by_patient = train(recipe, read_dataset(tmp_path / "leak"), tmp_path / "by_patient", Silent())
    assert by_patient.manifest.cross_validated.fused.balanced_accuracy < 0.75
    (tmp_path / "leak" / "manifest.csv").write_text("\n".join(row.rpartition(",")[0] for row in rows))
    leaking = train(recipe, read_dataset(tmp_path / "leak"), tmp_path / "leaking", Silent())
    assert (
        leaking.manifest.cross_validated.fused.balanced_accuracy > by_patient.manifest.cross_validated.fused.balanced_accuracy
    )
    assert leaking.manifest.data.patients is None
    assert "do not say which images show the same patient" in (tmp_path / "leaking" / "MODEL_CARD.md").read_text()


def test_training_twice_gives_the_same_bundle(toys, trained):
    first, second = trained(name="one")[1].manifest, trained(name="two")[1].manifest
    assert first.files["state.safetensors"] == second.files["state.safetensors"]
    assert first.data.fingerprint == second.data.fingerprint


def test_images_that_fail_are_excluded_and_counted(trained, colour_data):
    (colour_data / "red" / "0.png").write_bytes(b"broken")
    (colour_data / "sand" / "1.png").unlink()
    folder, result = trained()
    assert {failure.code for failure in result.failures} == {"not_an_image", "missing_file"}
    assert result.manifest.data.images == 22
    assert result.manifest.data.excluded == {"missing_file": 1, "not_an_image": 1}
    assert "excluded: 1 (missing_file), 1 (not_an_image)" in (folder / "MODEL_CARD.md").read_text()


def test_failures_that_leave_a_class_with_one_patient_are_an_error(trained, colour_data):
    for n in range(2, 8):
        (colour_data / "red" / f"{n}.png").write_bytes(b"broken")
    with pytest.raises(DysfwError, match="too few patients in 'red' \\(1 patient\\)"):
        trained()


def test_an_existing_folder_is_an_error_before_any_work(trained, tmp_path):
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "file.txt").write_text("content")
    with pytest.raises(DysfwError, match="already exists"):
        trained()
    assert (tmp_path / "bundle" / "file.txt").read_text() == "content"


def test_test_images_without_training_images_of_their_class_are_an_error(trained, colour_data):
    text = (colour_data / "manifest.csv").read_text().replace("sand/9.png,sand,", "sand/9.png,violet,")
    (colour_data / "manifest.csv").write_text(text)
    with pytest.raises(DysfwError, match="violet"):
        trained()


def test_a_region_is_trained_on_the_images_that_show_it(toys, trained, colour_data, paint):
    for n in (0, 2, 5):
        paint(f"data/red/{n}.png", (200, 40, 40), size=(96, 48), seed=n)
    folder, result = trained("segmenter.drop=lower")
    scores = result.manifest.cross_validated.regions
    assert (scores["upper"].images, scores["lower"].images) == (24, 21)
    (prediction,) = open_pipeline(folder, toys).predict([paint("wide.png", (200, 40, 40), size=(96, 48), seed=7)])
    assert np.isnan(prediction.region_probabilities[1]).all()
    assert prediction.labels[prediction.ranking[0]] == "red"


@pytest.mark.slow
@pytest.mark.parametrize("fusion", ["mean", "weighted", "geometric", "median", "max", "borda", "stacking"])
def test_every_fusion_trains_and_predicts(toys, trained, paint, fusion):
    folder, _ = trained(f"fusion.use={fusion}")
    (prediction,) = open_pipeline(folder, toys).predict([paint("new.png", (40, 160, 40), seed=50)])
    assert prediction.labels[prediction.ranking[0]] == "green"


@pytest.mark.parametrize("fusion", ["weighted", "stacking"])
def test_another_fusion_fitted_to_a_bundle_equals_training_with_it(toys, trained, paint, fusion):
    plain, _ = trained()
    direct, _ = trained(f"fusion.use={fusion}", name="direct")
    images = [paint(f"{n}.png", (120 + n, 100, 60), seed=n) for n in range(4)]
    swapped = [p.probabilities for p in open_pipeline(plain, toys, [f"fusion.use={fusion}"]).predict(images)]
    expected = [p.probabilities for p in open_pipeline(direct, toys).predict(images)]
    np.testing.assert_allclose(swapped, expected, rtol=1e-6)


def test_the_model_card_names_data_weights_and_scores(trained):
    folder, result = trained("backbone.trained=false")
    card = (folder / "MODEL_CARD.md").read_text()
    for text in ("Research use only", "mosaic **(random)**", "CC0-1.0", "24 images of 12 patients", "Chance"):
        assert text in card
    assert f"{result.manifest.cross_validated.fused.balanced_accuracy:.3f}" in card


def test_a_bundle_contains_the_resolved_recipe_and_no_pickle(trained):
    folder, _ = trained()
    assert sorted(p.name for p in folder.iterdir()) == ["MODEL_CARD.md", "bundle.json", "recipe.yaml", "state.safetensors"]
    recipe = yaml.safe_load((folder / "recipe.yaml").read_text())
    assert recipe["head"] == {"use": "dysfw:softmax", "C": 0.1, "folds": 5}
    assert "bundle" not in recipe
    assert json.loads((folder / "bundle.json").read_text())["schema"] == "dysfw.bundle/1"


def test_an_image_that_lacks_memory_is_not_left_out(trained, tmp_path, monkeypatch):
    def hungry(image):
        raise MemoryError

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", hungry)
    with pytest.raises(DysfwError, match="ran out of memory at 30 images"):
        trained()
    assert not (tmp_path / "bundle").exists()
