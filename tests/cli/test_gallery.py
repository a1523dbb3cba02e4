"""The gallery cases of a bundle on the command line: new conditions without training."""

import json
import os
import re
import shutil

import numpy as np
import pytest

RED, BLUE, SAND = (200, 40, 40), (40, 60, 150), (190, 170, 110)


@pytest.fixture
def gallery(dysfw, toy_recipe, colour_data, tmp_path, trained_once):
    """A bundle of three conditions by colour, with gallery heads."""
    toy_recipe.write_text(toy_recipe.read_text().replace("{use: softmax, C: 0.1}", "{use: gallery}"))

    def train():
        assert dysfw("train", toy_recipe, colour_data, "-o", tmp_path / "gallery").code == 0

    return trained_once("cli", tmp_path / "gallery", toy_recipe, colour_data, train)


def predictions(ran):
    assert ran.code == 0, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


def test_a_prediction_lists_the_most_similar_cases(dysfw, gallery, paint):
    new = paint("new.png", RED, seed=70)
    (found,) = predictions(dysfw("run", gallery, new, "--json"))
    assert found["ranking"][0]["label"] == "red"
    assert [case["label"] for case in found["gallery_cases"]] == ["red"] * 5
    similarity = [case["similarity"] for case in found["gallery_cases"]]
    assert similarity == sorted(similarity, reverse=True)
    assert similarity[0] <= 1
    assert f"most similar gallery cases: {found['gallery_cases'][0]['id']} (red)" in dysfw("run", gallery, new).out


def test_a_new_condition_needs_one_image(dysfw, gallery, paint):
    new = paint("new.png", BLUE, seed=71)
    assert predictions(dysfw("run", gallery, new, "--json"))[0]["ranking"][0]["label"] != "blue"
    ran = dysfw("gallery", "add", gallery, paint("case.png", BLUE, seed=72), "--label", "blue", "--patient", "b1")
    assert ran.code == 0, ran.err
    assert re.search(r"added 1 \w+ of blue", ran.out)
    (found,) = predictions(dysfw("run", gallery, new, "--json"))
    assert found["ranking"][0]["label"] == "blue"
    assert found["gallery_cases"][0] | {"similarity": 0} == {"id": "case.png", "label": "blue", "similarity": 0}
    assert "blue" in found["prediction_set"]["always_included"]  # one patient: too few to exclude it
    rows = dysfw("gallery", "list", gallery).out.splitlines()
    assert [row.split()[:3] for row in rows[1:]] == [
        ["blue", "1", "1"], ["green", "8", "4"], ["red", "8", "4"], ["sand", "8", "4"],
    ]  # fmt: skip
    assert "blue" in (gallery / "MODEL_CARD.md").read_text()
    assert [p.name for p in gallery.parent.iterdir() if p.name.startswith(".gallery")] == []


def test_adding_cases_equals_training_on_all_images(dysfw, gallery, colour_data, paint, tmp_path):
    for n in range(4):
        paint(f"more/blue/{n}.png", BLUE, seed=80 + n)
    assert dysfw("gallery", "add", gallery, tmp_path / "more").code == 0
    shutil.copytree(tmp_path / "more" / "blue", colour_data / "blue")
    rows = "".join(f"blue/{n}.png,blue,,train\n" for n in range(4))
    (colour_data / "manifest.csv").write_text((colour_data / "manifest.csv").read_text() + rows)
    assert dysfw("train", tmp_path / "toy.yaml", colour_data, "-o", tmp_path / "whole").code == 0
    new = paint("new.png", SAND, seed=73)
    one, other = (predictions(dysfw("run", bundle, new, "--json"))[0] for bundle in (gallery, tmp_path / "whole"))
    assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-5)
    assert one["reasons"] == other["reasons"]


def test_cases_are_removed_by_id_and_by_condition(dysfw, gallery, tmp_path):
    ids = [json.loads(line)["id"] for line in dysfw("gallery", "list", gallery, "--json").out.splitlines()]
    assert len(ids) == 24
    ran = dysfw("gallery", "remove", gallery, ids[0], "--label", "sand", "-o", tmp_path / "less")
    assert ran.code == 0, ran.err
    left = [json.loads(line) for line in dysfw("gallery", "list", tmp_path / "less", "--json").out.splitlines()]
    assert len(left) == 15
    assert {case["label"] for case in left} == {"red", "green"}
    assert ids[0] not in {case["id"] for case in left}
    assert len(dysfw("gallery", "list", gallery, "--cases").out.splitlines()) == 25  # -o does not change the original


def test_an_image_of_the_gallery_is_recognised(dysfw, gallery, colour_data):
    (found,) = predictions(dysfw("run", gallery, colour_data / "red" / "0.png", "--json"))
    assert "gallery_case" in {reason["code"] for reason in found["reasons"]}
    assert found["reliable"] is False


def test_unusable_images_are_reported_and_the_others_are_added(dysfw, gallery, colour_data, paint, tmp_path):
    (tmp_path / "text.png").write_text("no image")
    known, dark, good = colour_data / "red" / "0.png", paint("dark.png", (0, 0, 0)), paint("good.png", BLUE)
    ran = dysfw("gallery", "add", gallery, tmp_path / "text.png", known, dark, good, good, "--label", "blue")
    assert ran.code == 1
    for part in ("(not_an_image)", "already in the gallery", "(no_face)"):
        assert part in ran.err
    assert re.search(r"added 1 \w+ of blue", ran.out)
    ran = dysfw("gallery", "add", gallery, good, "--label", "blue")
    assert ran.code == 2
    assert "already in the gallery, as good.png" in ran.err


def test_a_duplicate_name_gets_a_number(dysfw, gallery, paint):
    dysfw("gallery", "add", gallery, paint("a/x.png", BLUE, seed=1), "--label", "blue")
    dysfw("gallery", "add", gallery, paint("b/x.png", BLUE, seed=2), "--label", "blue")
    names = [row.split()[0] for row in dysfw("gallery", "list", gallery, "--cases").out.splitlines()]
    assert "x.png" in names
    assert "x.png (2)" in dysfw("gallery", "list", gallery, "--cases").out


@pytest.mark.parametrize(("arguments", "part"), [
    (("add", "GALLERY", "x.png"), "the condition of these images is missing"),
    (("add", "GALLERY", ".", "--label", "x"), ". is a folder; with --label, give image files"),
    (("remove", "GALLERY"), "give the ids of the cases to remove"),
    (("remove", "GALLERY", "red/99.png"), "no case of"),
    (("remove", "GALLERY", "--label", "redd"), "did you mean 'red'"),
    (("remove", "GALLERY", "--label", "red", "--label", "sand"), "fewer than two conditions would be left"),
    (("list", "."), "is not a bundle"),
])  # fmt: skip
def test_mistakes_are_explained(dysfw, gallery, arguments, part):
    before = (gallery / "bundle.json").read_bytes()
    ran = dysfw("gallery", *[str(gallery) if a == "GALLERY" else a for a in arguments])
    assert ran.code == 2
    assert part in " ".join(ran.err.split())
    assert (gallery / "bundle.json").read_bytes() == before


def test_a_bundle_of_other_heads_has_no_gallery(dysfw, bundle, paint):
    for arguments in (("list", bundle), ("add", bundle, paint("x.png", RED), "--label", "red")):
        ran = dysfw("gallery", *arguments)
        assert ran.code == 2
        assert "has no gallery" in ran.err or "keeps no cases" in ran.err


def test_cases_of_another_backbone_are_refused(dysfw, gallery):
    recipe = gallery / "recipe.yaml"
    ran = dysfw("run", gallery, "x.png", "--set", "backbone.tiles=2")
    assert ran.code == 2
    assert "does not match its bundle" in ran.err
    recipe.write_text(recipe.read_text().replace("tiles: 4", "tiles: 2"))
    ran = dysfw("gallery", "add", gallery, "x.png", "--label", "red")
    assert ran.code == 2
    assert "recipe.yaml was changed after it was written" in " ".join(ran.err.split())


def contents(folder):
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere; the next test covers root")
def test_a_read_only_folder_is_not_changed(dysfw, gallery, paint):
    before, new = contents(gallery), paint("x.png", BLUE)
    gallery.parent.chmod(0o500)
    try:
        ran = dysfw("gallery", "add", gallery, new, "--label", "blue")
    finally:
        gallery.parent.chmod(0o700)
    assert ran.code == 2
    assert str(gallery) in "".join(ran.err.splitlines())
    assert contents(gallery) == before


@pytest.mark.parametrize("place", ["/proc/no", "file"])  # where not even root may write
def test_an_unwritable_output_is_reported_and_the_bundle_is_not_changed(dysfw, gallery, paint, tmp_path, place):
    (tmp_path / "file").touch()
    before, target = contents(gallery), tmp_path / place / "bundle"
    ran = dysfw("gallery", "add", gallery, paint("x.png", BLUE), "--label", "blue", "-o", target)
    assert ran.code == 2
    assert str(target.parent) in "".join(ran.err.splitlines())
    assert contents(gallery) == before


def test_the_prior_changes_probabilities_and_is_reported(dysfw, bundle, paint):
    new = paint("new.png", SAND, seed=74)
    (equal,) = predictions(dysfw("run", bundle, new, "--json"))
    ran = dysfw("run", bundle, new, "--json", "--set", "prior={red: 0.9}")
    (changed,) = predictions(ran)
    assert "red 90 %, each of 2 others 5 %" in " ".join(ran.err.split())
    prior = np.array([0.9 if label == "red" else 0.05 for label in equal["probabilities"]])
    expected = np.array(list(equal["probabilities"].values())) * prior
    np.testing.assert_allclose(list(changed["probabilities"].values()), expected / expected.sum(), atol=1e-4)
    ran = dysfw("run", bundle, new, "--set", "prior={purple: 0.9}")
    assert ran.code == 2
    assert "no condition is called 'purple'" in ran.err


def test_names_and_ids_of_conditions_are_shown(dysfw, toy_recipe, colour_data, paint, tmp_path):
    (colour_data / "labels.yaml").write_text("red: {name: Redness, mondo: MONDO:0000001, synonyms: [rubor]}\n")
    assert dysfw("train", toy_recipe, colour_data, "-o", tmp_path / "known").code == 0
    new = paint("new.png", RED, seed=75)
    assert "red: Redness (MONDO:0000001)" in dysfw("run", tmp_path / "known", new).out
    (found,) = predictions(dysfw("run", tmp_path / "known", new, "--json"))
    first = found["ranking"][0]
    assert (first["name"], first["mondo"], first["synonyms"]) == ("Redness", "MONDO:0000001", ["rubor"])
    assert "name" not in found["ranking"][1]
    assert "| red | 8 | Redness (MONDO:0000001) |" in (tmp_path / "known" / "MODEL_CARD.md").read_text()


@pytest.mark.parametrize(("line", "part"), [
    ("prior: {purple: 0.5}", "no condition is called 'purple'"),
    ("head: {use: two_stage, affected: {use: lda}, condition: {use: lda}}", "green, red, sand"),
])  # fmt: skip
def test_labels_missing_in_the_data_are_refused_before_any_work(dysfw, toy_recipe, colour_data, line, part):
    base = "".join(one + "\n" for one in toy_recipe.read_text().splitlines() if not one.startswith(line.partition(":")[0]))
    toy_recipe.write_text(base + line + "\n")
    for arguments in (("train", toy_recipe, colour_data, "-o"), ("evaluate", toy_recipe, colour_data, "-o")):
        ran = dysfw(*arguments, colour_data.parent / "x")
        assert ran.code == 2
        assert part in " ".join(ran.err.split())
        assert "evaluating" not in ran.err
