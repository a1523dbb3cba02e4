"""``dysfw export`` of the shipped bundles, compared with the original pipelines."""

import functools
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from typer.testing import CliRunner

from dysfw import RESEARCH_USE
from dysfw.cli.main import app
from dysfw.decoding.decode import read_image
from dysfw.imaging.geometry import transform
from dysfw.imaging.warp import warp
from dysfw.inference.build import build
from dysfw.inference.loading import open_pipeline
from dysfw.inference.pipeline import Pipeline
from dysfw.recipe.check import load_recipe
from dysfw.registry.registry import load_registry

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
IMAGE = ROOT / "docs" / "images" / "phantom.jpg"
REGIONS = ["face", "forehead", "periorbital", "nose", "philtrum", "mouth", "chin"]


def run(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """exported(name): the folder of that recipe's export, and the output of the command; cached."""
    folder = tmp_path_factory.mktemp("exports")

    @functools.cache
    def exported(name):
        done = run("export", ROOT / "recipes" / f"{name}.yaml", "-o", folder / name)
        assert done.exit_code == 0, done.output
        return folder / name, done.stdout

    return exported


@pytest.fixture(scope="module")
def original():
    """original(name): the pipeline of that recipe; cached."""

    @functools.cache
    def original(name):
        return open_pipeline(ROOT / "recipes" / f"{name}.yaml", load_registry(), ["device=cpu", "precision=float32"])

    return original


def read_metadata(folder):
    return json.loads((folder / "export.json").read_text("utf-8"))


@pytest.mark.parametrize("name", ["dlib", "paper"])
def test_export_json_lists_every_file_with_its_hash(exported, name):
    folder, _ = exported(name)
    files = read_metadata(folder)["files"]
    assert sorted([*files, "export.json"]) == sorted(file.name for file in folder.iterdir())
    assert set(files) == {"backbone.onnx", "recipe.yaml", "README.md", *(f"head-{region}.onnx" for region in REGIONS)}
    for file, known in files.items():
        content = (folder / file).read_bytes()
        assert known == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    assert not list(folder.parent.glob(".*"))


@pytest.mark.parametrize(("name", "dim", "size"), [("dlib", 128, 150), ("paper", 204, 112)])
def test_embeddings_and_probabilities_equal_those_of_the_original(exported, original, name, dim, size):
    folder, _ = exported(name)
    pipeline = original(name)
    backbone, heads = pipeline.components.backbone, pipeline.classifier.heads
    crops = np.random.default_rng(5).integers(0, 256, (3, size, size, 3), np.uint8)
    for some in (crops, crops[:1]):
        rows = session(folder, "backbone.onnx").run(None, {"crops": some})[0]
        assert rows.shape == (len(some), dim)
        np.testing.assert_allclose(rows, backbone.embed(some), rtol=1e-4, atol=1e-4 * np.abs(rows).max())
    for region in REGIONS:
        found = session(folder, f"head-{region}.onnx").run(None, {"embeddings": rows})[0]
        np.testing.assert_allclose(found, heads[region].predict(rows), atol=1e-5)


def session(folder, name):
    return onnxruntime.InferenceSession(folder / name, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("name", ["dlib", "paper"])
def test_the_comparison_is_printed_and_saved(exported, name):
    folder, printed = exported(name)
    check = read_metadata(folder)["check"]
    assert (check["crops"], check["images"]) == (16, 4)
    assert 0 < check["embedding"] < 2e-5
    assert 0 < check["probability"] < 1e-4
    assert check["same_top_1"] == check["predicted"] >= 7 * 16
    sentence = (
        f"embeddings differ by at most {check['embedding']:.1e} of their size, probabilities by {check['probability']:.1e}"
    )
    assert sentence in " ".join(printed.split())
    assert sentence in (folder / "README.md").read_text("utf-8")


def test_export_json_suffices_to_reproduce_a_prediction(exported, original):
    """Starting with a face and its regions, without the bundle: squares, backbone, heads, fusion, calibration."""
    folder, _ = exported("dlib")
    metadata, pipeline = read_metadata(folder), original("dlib")
    (expected,) = pipeline.predict([IMAGE])
    pixels = read_image(IMAGE).pixels
    face, regions = (
        expected.face_embedding.face,
        {region.name: region for region in expected.face_embedding.segmentation.regions},
    )
    region_probabilities = []
    for region in metadata["regions"]:
        frame = square(regions[region["name"]].polygon, face, metadata["crop"])
        crop = warp(pixels, frame, metadata["crop"]["size"])
        rows = session(folder, region["backbone"]).run(None, {metadata["backbone"]["input"]["name"]: crop[None]})[0]
        region_probabilities.append(session(folder, region["head"]).run(None, {metadata["head"]["input"]["name"]: rows})[0][0])
    assert metadata["fusion"]["use"] == "dysfw:mean"
    assert metadata["labels"] == list(expected.labels)
    calibrated = np.maximum(np.mean(region_probabilities, axis=0), 1e-9) ** (1 / metadata["calibration"]["temperature"])
    # A pixel of a crop may be rounded differently.
    np.testing.assert_allclose(calibrated / calibrated.sum(), expected.probabilities, atol=1e-3)


def square(polygon, face, crop):
    """As export.json describes it."""
    right, left = face.landmarks[:2].astype(np.float64)
    along = (left - right) / np.linalg.norm(left - right) if crop["align"] else np.array([1.0, 0.0])
    axes = np.stack([along, [-along[1], along[0]]])
    places = polygon @ axes.T
    low, high = places.min(axis=0), places.max(axis=0)
    longer = max(face.box[2] - face.box[0], face.box[3] - face.box[1])
    side = max((high - low).max() + 2 * crop["margin"] * longer, crop["min_side"] * longer)
    corner = axes.T @ ((low + high) / 2 - side / 2)
    frame = np.column_stack([axes.T * side / crop["size"], corner])
    np.testing.assert_allclose(transform(frame, [0, 0]), corner, rtol=1e-4)
    return frame


def test_export_json_names_labels_weights_and_origin(exported, original):
    folder, _ = exported("paper")
    metadata, pipeline = read_metadata(folder), original("paper")
    manifest = pipeline.manifest
    assert metadata["schema"] == "dysfw.export/1"
    assert metadata["notice"] == RESEARCH_USE
    assert metadata["labels"] == manifest.labels
    assert [region["name"] for region in metadata["regions"]] == REGIONS
    assert metadata["bundle"] == {"name": manifest.name, "fingerprint": manifest.fingerprint, "about": manifest.about}
    assert metadata["recipe"] == {"name": "paper", "fingerprint": pipeline.recipe.fingerprint}
    named = {(one["component"], one["sha256"], one["licence"]) for one in metadata["weights"]}
    assert named == {(one.component, one.sha256, one.licence) for one in manifest.weights}
    shape = {
        "name": "crops",
        "dtype": "uint8",
        "shape": ["N", 112, 112, 3],
        "layout": "NHWC",
        "colour": "RGB",
        "range": [0, 255],
    }
    assert metadata["backbone"]["input"] == shape


def test_models_contain_the_research_notice_and_no_local_paths(exported):
    folder, _ = exported("dlib")
    for file in folder.glob("*.onnx"):
        model = onnx.load(file)
        assert {one.key: one.value for one in model.metadata_props}["notice"] == RESEARCH_USE
        assert [one.version for one in model.opset_import if not one.domain] == [read_metadata(folder)["opset"]]
        assert str(ROOT).encode() not in file.read_bytes()


def test_the_exported_recipe_gives_the_embeddings_of_the_original(exported, original):
    folder, _ = exported("paper")
    recipe = load_recipe(folder / "recipe.yaml", load_registry())
    assert recipe.name == "paper-onnx"
    pipeline, exported_pipeline = original("paper"), Pipeline(recipe, build(recipe))
    (expected,), (found,) = pipeline.embed([IMAGE]), exported_pipeline.embed([IMAGE])
    np.testing.assert_array_equal(found.present, expected.present)
    np.testing.assert_allclose(found.embeddings, expected.embeddings, atol=1e-4 * np.abs(expected.embeddings).max())
    (weights,) = exported_pipeline.components.backbone.weights()
    assert (weights.name, weights.licence) == ("backbone.onnx", "Apache-2.0")


def test_the_exported_recipe_can_be_trained(exported, tmp_path):
    folder, _ = exported("dlib")
    data = ["path,label"]
    for label in ("phantom-unaffected", "phantom-down-syndrome"):
        data += [f"{file},{label}" for file in sorted((ROOT / "tests" / "fixtures" / "data" / "phantoms" / label).iterdir())]
    (tmp_path / "data.csv").write_text("\n".join(data))
    options = ("--set", "segmenter={use: whole_face}", "--set", "head.C=0.1")
    done = run("train", folder / "recipe.yaml", tmp_path / "data.csv", "-o", tmp_path / "bundle", *options)
    assert done.exit_code == 0, done.output
    assert run("run", tmp_path / "bundle", IMAGE).exit_code == 0


def test_exports_are_reproducible_byte_for_byte(exported, tmp_path):
    folder, _ = exported("dlib")
    (tmp_path / "again").mkdir()  # an empty folder is allowed
    assert run("export", ROOT / "recipes" / "dlib.yaml", "-o", tmp_path / "again", "--format", "onnx").exit_code == 0
    for file in folder.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes(), file.name
