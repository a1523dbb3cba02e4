"""Reading, checking and using bundles."""

import json
import shutil

import pytest

from dysfw.bundle.contents import Manifest
from dysfw.bundle.read import read_bundle
from dysfw.data.conditions import Condition
from dysfw.data.read import read_dataset
from dysfw.errors import DysfwError
from dysfw.inference.loading import open_pipeline
from dysfw.recipe.check import load_recipe
from dysfw.training.train import train
from dysfw.util.progress import Silent


@pytest.fixture
def bundle(toys, toy_recipe, colour_data, tmp_path, trained_once):
    def write():
        train(load_recipe(toy_recipe, toys), read_dataset(colour_data), tmp_path / "bundle", Silent())

    return trained_once("toys", tmp_path / "bundle", toy_recipe, colour_data, write)


@pytest.fixture
def recipe_with(toy_recipe):
    """recipe_with("bundle: bundle", …): the toy recipe with lines replaced or added."""

    def write(*lines: str):
        keys = {line.partition(":")[0] for line in lines}
        kept = [line for line in toy_recipe.read_text().splitlines() if line.partition(":")[0] not in keys]
        toy_recipe.write_text("\n".join([*kept, *lines]) + "\n")
        return toy_recipe

    return write


@pytest.mark.parametrize("name", ["bundle.json", "recipe.yaml", "state.safetensors"])
def test_a_flipped_byte_is_detected(toys, bundle, name):
    original = (bundle / name).read_bytes()
    for place in range(0, len(original), max(1, len(original) // 40)):
        flipped = bytearray(original)
        flipped[place] ^= 0x01
        (bundle / name).write_bytes(flipped)
        with pytest.raises(DysfwError, match="is damaged|has format"):
            read_bundle(bundle, toys)


@pytest.mark.parametrize("name", ["recipe.yaml", "state.safetensors"])
def test_a_missing_file_is_reported(toys, bundle, name):
    (bundle / name).unlink()
    with pytest.raises(DysfwError, match=f"{name} is missing"):
        read_bundle(bundle, toys)


def test_a_truncated_state_is_detected(toys, bundle):
    content = (bundle / "state.safetensors").read_bytes()
    (bundle / "state.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(DysfwError, match="sha256 differs"):
        read_bundle(bundle, toys)


def test_a_missing_array_is_refused_even_with_valid_hashes(toys, bundle):
    from safetensors.numpy import load_file, save_file

    arrays = load_file(bundle / "state.safetensors")
    del arrays["out_of_fold/y"]
    save_file(arrays, bundle / "state.safetensors")
    rehash(bundle)
    with pytest.raises(DysfwError, match="is incomplete"):
        read_bundle(bundle, toys)


def test_heads_of_another_shape_are_refused_even_with_valid_hashes(toys, bundle):
    from safetensors.numpy import load_file, save_file

    arrays = load_file(bundle / "state.safetensors")
    arrays["head/upper/coef"] = arrays["head/upper/coef"][:, :-1].copy()
    save_file(arrays, bundle / "state.safetensors")
    rehash(bundle)
    with pytest.raises(DysfwError, match="cannot be restored"):
        open_pipeline(bundle, toys)


def rehash(bundle):
    from dysfw.util.files import sha256_of

    content = json.loads((bundle / "bundle.json").read_text())
    content["files"] = {name: sha256_of(bundle / name) for name in content["files"]}
    manifest = Manifest.model_validate(content)
    content["fingerprint"] = manifest.computed_fingerprint()
    (bundle / "bundle.json").write_text(json.dumps(content))


def test_an_edited_model_card_is_accepted(toys, bundle):
    assert not read_bundle(bundle, toys).card_edited
    with (bundle / "MODEL_CARD.md").open("a") as card:
        card.write("Reviewed by us.\n")
    assert read_bundle(bundle, toys).card_edited


def test_a_newer_format_is_refused(toys, bundle):
    text = (bundle / "bundle.json").read_text().replace("dysfw.bundle/1", "dysfw.bundle/2")
    (bundle / "bundle.json").write_text(text)
    with pytest.raises(DysfwError, match="has format dysfw.bundle/2"):
        read_bundle(bundle, toys)


def test_a_folder_without_a_bundle_is_refused(toys, tmp_path):
    with pytest.raises(DysfwError, match="is not a bundle: it contains no bundle.json"):
        open_pipeline(tmp_path, toys)


def test_a_moved_bundle_still_works(toys, bundle, tmp_path, paint):
    shutil.move(bundle, tmp_path / "elsewhere")
    assert next(open_pipeline(tmp_path / "elsewhere", toys).predict([paint("a.png", (200, 40, 40))]))


def test_a_recipe_finds_its_bundle_relative_to_itself(toys, bundle, recipe_with, paint, monkeypatch):
    monkeypatch.chdir("/")
    assert next(open_pipeline(recipe_with("bundle: bundle"), toys).predict([paint("a.png", (200, 40, 40))]))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("backbone: {use: mosaic, tiles: 2}", "backbone.tiles: trained with 4, the recipe has 2"),
        ("segmenter: {use: toy_halves, drop: lower}", "segmenter.drop: trained with None, the recipe has lower"),
        ("head: {use: softmax, C: 2.0}", "head.C: trained with 0.1, the recipe has 2.0"),
        ("crop: {align: false, margin: 0.1, min_side: 0}", "crop: trained with .*'size': 32.*the recipe has"),
        ("crop: {align: true, margin: 0.1, min_side: 0, size: 64}", "crop: trained with"),
    ],
)
def test_a_recipe_that_differs_in_what_heads_depend_on_is_refused(toys, bundle, recipe_with, line, message):
    with pytest.raises(DysfwError, match=message):
        open_pipeline(recipe_with("bundle: bundle", line), toys)


@pytest.mark.parametrize(
    "line", ["crop: {align: true, margin: 0.1, min_side: 0, size: 32}", "device: auto", "name: other", "fusion: {use: max}"]
)
def test_a_recipe_may_differ_in_what_heads_do_not_depend_on(toys, bundle, recipe_with, line):
    assert open_pipeline(recipe_with("bundle: bundle", line), toys).notices == ()


def test_another_detector_is_allowed_with_a_notice(toys, bundle, recipe_with):
    pipeline = open_pipeline(recipe_with("bundle: bundle", "detector: {use: centre, faces: 2}"), toys)
    assert [notice.code for notice in pipeline.notices] == ["detector_differs"]


def test_a_backbone_with_other_weights_is_refused(toys, bundle, recipe_with, monkeypatch):
    from dysfw.types import Weights

    other = (Weights("mosaic", "0" * 64, "CC0-1.0", "somewhere else"),)
    monkeypatch.setattr("dysfw_toys.components.Mosaic.weights", lambda self: other)
    with pytest.raises(DysfwError, match=r"does not match the backbone's weights: .*now mosaic \(000000000000"):
        open_pipeline(recipe_with("bundle: bundle"), toys)


def test_random_weights_make_every_prediction_unreliable(toys, toy_recipe, colour_data, tmp_path, paint):
    recipe = load_recipe(toy_recipe, toys, ["backbone.trained=false"])
    train(recipe, read_dataset(colour_data), tmp_path / "bundle", Silent())
    (prediction,) = open_pipeline(tmp_path / "bundle", toys).predict([paint("a.png", (200, 40, 40))])
    assert prediction.reliable is False
    assert prediction.notices[0].code == "random_weights"


def test_another_version_of_a_plugin_gives_a_notice(toys, bundle):
    content = json.loads((bundle / "bundle.json").read_text())
    content["versions"]["dysfw"] = "0.0.1"
    (bundle / "bundle.json").write_text(json.dumps(content))
    rehash(bundle)
    (notice,) = open_pipeline(bundle, toys).notices
    assert notice.code == "versions_differ"
    assert "dysfw 0.0.1 (now" in notice.message


def test_an_untrained_recipe_is_refused_with_a_hint(toys, toy_recipe):
    with pytest.raises(DysfwError, match="is not trained") as caught:
        open_pipeline(toy_recipe, toys)
    assert f"dysfw train {toy_recipe} DATA -o BUNDLE" in caught.value.hint


def test_an_unknown_bundle_name_is_refused(toys, recipe_with):
    with pytest.raises(DysfwError, match="no bundle is called 'dlib-fantom'"):
        open_pipeline(recipe_with("bundle: dlib-fantom"), toys)


def test_each_row_of_a_confusion_matrix_is_one_line_of_the_manifest(bundle):
    text = (bundle / "bundle.json").read_text("utf-8")
    (row, *_) = json.loads(text)["cross_validated"]["fused"]["confusion"]
    assert f"\n        [{', '.join(map(str, row))}],\n" in text


def test_what_phantoms_imitate_is_kept_and_changes_no_fingerprint_of_bundles_without_it():
    assert Condition(name="x").model_dump(mode="json") == {
        "name": "x", "mondo": None, "omim": None, "orpha": None, "synonyms": [],
    }  # fmt: skip
    assert Condition(imitates="OMIM:147920").model_dump(mode="json")["imitates"] == "OMIM:147920"
