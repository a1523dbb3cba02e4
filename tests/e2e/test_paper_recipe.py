"""recipes/paper.yaml with the backbone and the bundle of the phantom plugin, from the shell."""

import json
from importlib import resources
from pathlib import Path

import pytest
from PIL import Image as Pillow

from dysfw.weights.projection_head import MEASURES, read_projection_head
from dysfw.weights.weight_file import read_metadata

pytestmark = pytest.mark.slow

PHANTOM = Path(str(resources.files("dysfw_phantom")))
WEIGHTS = PHANTOM / "weights" / "inception-resnet-v2.safetensors"
BUNDLE = PHANTOM / "bundles" / "paper-phantom"


@pytest.fixture(scope="module")
def manifest() -> dict:
    return json.loads((BUNDLE / "bundle.json").read_text())


def test_the_readme_s_first_command_works_offline(shell, tmp_path):
    ran = shell("run", "recipes/paper.yaml", "docs/images/phantom.jpg", "--json", "--figure", tmp_path / "phantom.png")
    with Pillow.open(tmp_path / "phantom.png") as figure:
        assert figure.size == (1920, 1080)
    (result,) = [json.loads(line) for line in ran.stdout.splitlines()]
    assert result["bundle"]["name"] == "paper-phantom"
    assert [region["name"] for region in result["regions"]] == [
        "face", "forehead", "periorbital", "nose", "philtrum", "mouth", "chin",
    ]  # fmt: skip
    assert len(result["probabilities"]) == 14
    assert all(label.startswith("phantom-") for label in result["probabilities"])
    assert sum(result["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert result["reliable"]
    assert "phantoms" in ran.stderr  # what the bundle was trained on is said


def test_its_scores_on_patients_it_never_saw_are_far_above_chance_and_best_when_fused(manifest):
    fused, regions = manifest["held_out"]["fused"], manifest["held_out"]["regions"]
    assert fused["images"] == 900
    assert fused["balanced_accuracy"] > 4 * fused["chance"]
    assert fused["balanced_accuracy"] > max(region["balanced_accuracy"] for region in regions.values())


def test_backbone_and_bundle_are_small_enough_to_ship():
    files = [WEIGHTS, *BUNDLE.iterdir()]
    assert sum(path.stat().st_size for path in files) < 60_000_000


def test_the_weight_file_says_what_it_is_and_how_it_was_made(manifest):
    about = read_metadata(WEIGHTS)
    assert about["licence"] == "Apache-2.0"
    assert not any("/inception" in weights["source"] for weights in manifest["weights"])  # nobody's folders
    assert "never seen a person" in about["about"]
    assert "inception_resnet_v2" in about["recipe"]
    projection = read_projection_head(WEIGHTS)
    assert projection.outputs == MEASURES
    assert {region for region, _, _ in projection.rows} == set(manifest["regions"])
