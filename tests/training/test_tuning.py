"""``train`` with ``tune``: the backbone is fine-tuned for each region."""

from dataclasses import replace

import numpy as np
import pytest
from dysfw_toys.components import Halves
from safetensors import safe_open

from dysfw.bundle.read import read_bundle
from dysfw.data.read import read_dataset
from dysfw.errors import DysfwError
from dysfw.inference.loading import open_pipeline
from dysfw.recipe.check import load_recipe
from dysfw.training.train import train
from dysfw.util.progress import Silent

pytestmark = pytest.mark.slow

# Of equal brightness, so that the toy backbone, which sees brightness alone, cannot tell them apart.
HUES = {"red": (200, 100, 90), "blue": (90, 100, 200)}
HALVES = Halves._segment
TUNE = "tune={mode: full, epochs: 8, learning_rate: 0.05, batch_size: 8, augment: {flip: false, colour: 0}}"


@pytest.fixture
def hues(tmp_path, paint):
    """Two classes that differ in hue alone; eight patients each, the last two for testing."""
    rows = ["path,label,patient,split"]
    for label, colour in HUES.items():
        for patient in range(8):
            for image in range(2):
                seed = patient * 2 + image
                paint(f"hues/{label}/{seed}.png", colour, seed=seed)
                rows.append(f"{label}/{seed}.png,{label},{label}-{patient},{'test' if patient > 5 else 'train'}")
    (tmp_path / "hues" / "manifest.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "hues"


@pytest.fixture
def trained(toys, toy_recipe, hues, tmp_path):
    def make(*overrides, name="bundle", data=hues):
        recipe = load_recipe(toy_recipe, toys, ["backbone={use: grey_backbone}", *overrides])
        return tmp_path / name, train(recipe, read_dataset(data), tmp_path / name, Silent()).manifest

    return make


def sided(segmenter, image, face):
    """Halves, the upper one named as if it had a side."""
    found = HALVES(segmenter, image, face)
    return replace(found, regions=tuple(replace(r, name=r.name.replace("upper", "right upper")) for r in found.regions))


def stored(folder):
    with safe_open(folder / "tuned.safetensors", framework="numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def test_fine_tuning_learns_what_the_backbone_could_not_see(trained):
    _, blind = trained(name="blind")
    _, tuned = trained(TUNE, name="tuned")
    assert blind.held_out.fused.balanced_accuracy <= 0.75
    assert tuned.held_out.fused.balanced_accuracy == 1
    assert tuned.cross_validated.fused.balanced_accuracy > 0.9


def test_photos_of_several_people_are_found_as_without_tuning(trained):
    _, manifest = trained(TUNE.replace("epochs: 8", "epochs: 1"), "detector.faces=2")
    (finding,) = [one for one in manifest.data.findings if one.code == "several_faces"]
    assert finding.severity == "warning"
    assert finding.images == 32  # of training and test


def test_the_bundle_predicts_as_it_did_when_it_was_measured(toys, trained, hues):
    folder, manifest = trained(TUNE)
    test = [sample for sample in read_dataset(hues).samples if sample.split == "test"]
    predictions = list(open_pipeline(folder, toys).predict(sample.path for sample in test))
    right = [p.labels[p.ranking[0]] == sample.label for p, sample in zip(predictions, test, strict=True)]
    assert np.mean(right) == manifest.held_out.fused.accuracy


@pytest.mark.parametrize(
    ("mode", "names"),
    [
        ("batchnorm", {"norm.weight", "norm.bias", "norm.running_mean", "norm.running_var"}),
        ("last_block", {"last.weight", "last.bias"}),
    ],
)
def test_a_mode_changes_what_it_names_and_keeps_only_that(trained, mode, names):
    folder, _ = trained(TUNE, f"tune.mode={mode}")
    kept = {name.removesuffix("/scale") for name in stored(folder)}
    assert kept == {f"{region}/{name}" for region in ("upper", "lower") for name in names}
    assert any(np.any(tensor) for name, tensor in stored(folder).items() if not name.endswith("/scale"))


def test_regions_are_tuned_each_for_itself(toys, trained):
    folder, _ = trained(TUNE)
    tuned = read_bundle(folder, toys).fitted.tuned
    assert not np.allclose(tuned["upper"]["first.weight"], tuned["lower"]["first.weight"])


def test_fine_tuning_is_deterministic(trained):
    one, two = (trained(TUNE, name=name)[1].files for name in ("one", "two"))
    assert one["tuned.safetensors"] == two["tuned.safetensors"]
    assert one["state.safetensors"] == two["state.safetensors"]


def test_no_backbone_predicts_a_patient_it_was_tuned_on(trained, paint, tmp_path):
    """Hue tells the patient, not the class: a backbone that had seen the patient could be right every time."""
    rows, rng = ["path,label,patient"], np.random.default_rng(3)
    for patient in range(16):
        colour = tuple(rng.integers(40, 215, 3))
        for image in range(2):
            paint(f"leak/{patient}-{image}.png", colour, seed=patient * 2 + image)
            rows.append(f"{patient}-{image}.png,{'ab'[patient % 2]},p{patient}")
    (tmp_path / "leak" / "manifest.csv").write_text("\n".join(rows))
    _, manifest = trained(TUNE, "head.C=1000", data=tmp_path / "leak")
    assert manifest.cross_validated.fused.balanced_accuracy < 0.8


def test_crops_of_a_region_with_a_side_are_not_mirrored(trained, monkeypatch):
    mirrored = TUNE.replace("flip: false", "flip: true")
    plain, flipped = trained(TUNE, name="plain")[1].files, trained(mirrored, name="flipped")[1].files
    assert plain["tuned.safetensors"] != flipped["tuned.safetensors"]
    monkeypatch.setattr(Halves, "regions", ("right upper", "lower"))
    monkeypatch.setattr(Halves, "_segment", sided)
    one, two = (stored(trained(keys, name=name)[0]) for keys, name in ((TUNE, "one"), (mirrored, "two")))
    same = {key: np.array_equal(one[key], two[key]) for key in one if "first.weight" in key}
    assert all(value == key.startswith("right upper/") for key, value in same.items())


def test_mode_none_leaves_the_backbone_as_it_is(trained):
    plain, tuned = trained(name="plain"), trained("tune.mode=none", name="none")
    assert plain[1].recipe_fingerprint == tuned[1].recipe_fingerprint
    assert not (tuned[0] / "tuned.safetensors").exists()


def test_a_backbone_that_cannot_be_tuned_is_named(trained):
    with pytest.raises(DysfwError, match="'mosaic' cannot be tuned"):
        trained("backbone={use: mosaic}", TUNE)


def test_a_damaged_difference_is_noticed(toys, trained):
    folder, _ = trained(TUNE)
    content = bytearray((folder / "tuned.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "tuned.safetensors").write_bytes(content)
    with pytest.raises(DysfwError, match=r"tuned\.safetensors was changed after it was written"):
        open_pipeline(folder, toys)
