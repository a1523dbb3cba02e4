"""Recipes without a bundle of their own, from the shell."""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
IMAGE = "docs/images/phantom.jpg"


@pytest.fixture(scope="module")
def gestalt(shell, phantoms, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "gestalt"
    shell("train", "recipes/gestalt.yaml", phantoms, "-o", folder)
    return folder


def run(shell, bundle, *options):
    return json.loads(shell("run", bundle, IMAGE, "--json", *options).stdout)


def test_an_ensemble_names_gallery_cases(shell, gestalt):
    manifest = json.loads((gestalt / "bundle.json").read_text())
    used = {w["name"] for w in manifest["weights"] if w["component"] == "backbone"}
    assert used == {"inception-resnet-v2.safetensors", "dlib_face_recognition_resnet_model_v1.dat"}
    assert manifest["cross_validated"]["fused"]["balanced_accuracy"] > manifest["cross_validated"]["fused"]["chance"]
    found = run(shell, gestalt)
    assert len(found["gallery_cases"]) == 5
    assert {case["id"] for case in found["gallery_cases"]} <= {case["id"] for case in manifest["gallery_cases"]}


def test_the_shipped_bundle_works_offline(shell):
    ran = shell("run", "recipes/gestalt.yaml", IMAGE)
    assert "most similar gallery cases: phantom-" in ran.stdout


def test_a_condition_joins_with_one_image_and_leaves_again(shell, gestalt, tmp_path):
    shell("gallery", "add", gestalt, IMAGE, "--label", "phantom-new", "-o", tmp_path / "more")
    found = run(shell, tmp_path / "more")
    assert found["ranking"][0]["label"] == "phantom-new"
    assert found["reasons"][0]["code"] == "gallery_case"
    shell("gallery", "remove", tmp_path / "more", "--label", "phantom-new")
    before, after = run(shell, gestalt), run(shell, tmp_path / "more")
    assert after["probabilities"] == pytest.approx(before["probabilities"], abs=1e-5)


def test_a_two_stage_head_follows_the_prior(shell, phantoms, tmp_path):
    recipe = tmp_path / "two-stage.yaml"
    head = "{use: two_stage, affected: {use: lda}, condition: {use: lda}}"
    recipe.write_text(f"extends: {ROOT}/recipes/dlib.yaml\nname: two-stage\nbundle: null\nhead: {head}\n")
    shell("train", recipe, phantoms, "-o", tmp_path / "two-stage")
    equal = run(shell, tmp_path / "two-stage")["probabilities"]["phantom-unaffected"]
    common = run(shell, tmp_path / "two-stage", "--set", "prior={phantom-unaffected: 0.9}")["probabilities"][
        "phantom-unaffected"
    ]
    assert common > equal


def test_missing_weights_say_how_to_get_them_and_what_works(shell, phantoms, tmp_path):
    ran = shell("train", "recipes/facenet.yaml", phantoms, "-o", tmp_path / "x", code=2)
    message = " ".join(ran.stderr.split())
    assert "the weights 'facenet-vggface2' are not on this machine (112 MB, licence unstated)" in message
    assert "dysfw weights fetch facenet-vggface2" in message
    assert "recipes/dlib.yaml, recipes/gestalt.yaml, recipes/paper.yaml" in message
