"""The real pipeline, from the shell, on real files: MTCNN, face mesh, dlib's network."""

import json
import re
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

pytestmark = pytest.mark.slow

DOWN = "tests/fixtures/data/phantoms/phantom-down-syndrome/000.jpg"


def test_the_recipe_works_as_it_comes_and_offline(shell):
    ran = shell("run", "recipes/dlib.yaml", "docs/images/phantom.jpg")
    assert "phantom-" in ran.stdout


def test_training_finds_every_face_and_beats_chance(dlib_bundle):
    manifest = json.loads((dlib_bundle / "bundle.json").read_text())
    assert [finding["code"] for finding in manifest["data"]["findings"]] == ["near_copies_of_patient", "identities_unchecked"]
    assert manifest["data"] | {"fingerprint": "", "findings": []} == {
        "fingerprint": "", "findings": [], "images": 48, "patients": 27, "excluded": {},
        "per_label": {label: 12 if "unaffected" in label else 6 for label in manifest["labels"]},
    }  # fmt: skip
    assert manifest["regions"] == ["face", "forehead", "periorbital", "nose", "philtrum", "mouth", "chin"]
    fused = manifest["cross_validated"]["fused"]
    assert fused["balanced_accuracy"] > fused["chance"]
    by_component = {w["component"] for w in manifest["weights"]}
    assert by_component == {"detector", "segmenter", "backbone"}
    assert all(re.fullmatch(r"[0-9a-f]{64}", w["sha256"]) and w["licence"] for w in manifest["weights"])


def test_the_shipped_bundle_is_better_fused_than_any_region_alone():
    folder = Path(str(resources.files("dysfw_dlib"))) / "bundles" / "dlib-phantom"
    held_out = json.loads((folder / "bundle.json").read_text())["held_out"]
    assert held_out["fused"]["balanced_accuracy"] > 4 * held_out["fused"]["chance"]  # of 14 conditions
    assert held_out["fused"]["balanced_accuracy"] > max(r["balanced_accuracy"] for r in held_out["regions"].values())
    assert sum(path.stat().st_size for path in folder.iterdir()) < 2_000_000


@pytest.fixture
def images(tmp_path):
    """Everything that people hand to such a program, by name."""
    face = Pillow.open(DOWN).convert("RGB")
    made = {
        "good.jpg": face,
        "sideways.png": face.rotate(90, expand=True),
        "two.png": Pillow.fromarray(np.hstack([np.asarray(face), np.asarray(face)[:, ::-1]])),
        "noface.png": Pillow.fromarray(np.random.default_rng(0).integers(90, 160, (300, 300, 3), np.uint8)),
        "tiny.png": face.resize((10, 10)),
        "grey.png": face.convert("L"),
    }
    for name, image in made.items():
        image.save(tmp_path / name)
    Pillow.new("1", (10_000, 10_000)).save(tmp_path / "huge.png")
    face.save(tmp_path / "anim.gif", save_all=True, append_images=[face.rotate(5), face.rotate(10)])
    (tmp_path / "text.jpg").write_text("Dear colleague,")
    whole = (tmp_path / "good.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "folder").mkdir()
    return tmp_path


def test_each_bad_image_has_its_own_reason_and_the_others_are_predicted(shell, dlib_bundle, images):
    expected = {
        "good.jpg": None, "noface.png": "no_face", "tiny.png": "too_small", "huge.png": "too_many_pixels",
        "text.jpg": "not_an_image", "cut.jpg": "truncated", "anim.gif": "animated", "folder": "is_a_folder",
        "missing.jpg": "missing_file", "grey.png": None, "two.png": None, "sideways.png": None,
    }  # fmt: skip
    ran = shell("run", dlib_bundle, *[images / name for name in expected], "--json", code=1)
    results = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [r.get("error", {}).get("code") for r in results] == list(expected.values())
    messages = [r["error"]["message"] for r in results if "error" in r]
    assert len(set(messages)) == len(messages)
    by_name = dict(zip(expected, results, strict=True))
    warned = {name: {w["code"] for w in r["warnings"]} for name, r in by_name.items() if "error" not in r}
    assert "several_faces" in warned["two.png"]
    assert "greyscale" in warned["grey.png"]
    assert "rolled_face" in warned["sideways.png"]
    upright, sideways = by_name["good.jpg"]["probabilities"], by_name["sideways.png"]["probabilities"]
    assert max(abs(upright[k] - sideways[k]) for k in upright) < 0.15  # the same face, lying on its side


def test_the_result_does_not_depend_on_other_images(shell, dlib_bundle, phantoms):
    images = sorted(phantoms.glob("*/*.jpg"))[:5]
    together = [json.loads(line) for line in shell("run", dlib_bundle, *images, "--json").stdout.splitlines()]
    alone = json.loads(shell("run", dlib_bundle, images[3], "--json").stdout)
    a, b = together[3]["probabilities"], alone["probabilities"]
    assert max(abs(a[k] - b[k]) for k in a) < 1e-5


def test_an_untrained_recipe_says_how_to_train(shell):
    ran = shell("run", "recipes/paper-imagenet.yaml", DOWN, code=2)
    assert "is not trained" in ran.stderr
    assert "dysfw train recipes/paper-imagenet.yaml DATA -o BUNDLE" in ran.stderr


def test_hub_weights_are_not_fetched_behind_the_user_s_back(shell, phantoms, tmp_path):
    ran = shell("train", "recipes/paper-imagenet.yaml", phantoms, "-o", tmp_path / "b", code=2)
    for words in ("paper-imagenet.yaml", "inception_resnet_v2", "not on this machine", "--fetch", "Apache-2.0"):
        assert words in ran.stderr


@pytest.mark.parametrize("recipe", ["paper.yaml", "paper-imagenet.yaml", "dlib.yaml"])
def test_every_recipe_is_valid(shell, recipe):
    assert ": ok (" in shell("recipe", "check", f"recipes/{recipe}").stdout
