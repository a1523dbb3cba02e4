"""Unreadable images, several faces and what was recognised in a manifest: every command says so, and every result keeps it."""

import json
from pathlib import Path

import pytest
from PIL import Image as Pillow


@pytest.fixture
def troubled(colour_data) -> Path:
    """Data with an unreadable image, and a manifest with semicolons, a synonym and a missing-value word."""
    text = (colour_data / "manifest.csv").read_text()
    text = text.replace("patient", "subject", 1).replace(",red-0,", ",NA,", 1).replace(",", ";")
    (colour_data / "manifest.csv").write_text(text)
    (colour_data / "green" / "3.png").write_text("not a picture")
    Pillow.new("L", (64, 64), 90).save(colour_data / "sand" / "2.png")
    return colour_data


FOUND = (
    "3.png", "cells are separated by semicolons", "column 'subject' is read as patient", "patient: 1 cell with 'NA' count",
    "with several faces", "without colour",
)  # fmt: skip
TWO_FACES = ("--set", "detector.faces=2")


def test_train_prints_them_and_lists_them_on_the_card(dysfw, toy_recipe, troubled, tmp_path):
    ran = dysfw("train", toy_recipe, troubled, "-o", tmp_path / "b", *TWO_FACES)
    card = (tmp_path / "b" / "MODEL_CARD.md").read_text()
    assert ran.code == 1
    for text in FOUND:
        assert text in ran.err
    for text in FOUND[1:]:
        assert text in card
    assert "1 image cannot be read" in card
    assert "- warning: 29 images with several faces; of each, only the face that the detector chose is used" in card


def test_evaluate_prints_them_and_lists_them_in_the_report(dysfw, toy_recipe, troubled, tmp_path):
    quick = ("--folds", 2, "--repeats", 1)
    ran = dysfw("evaluate", toy_recipe, troubled, "-o", tmp_path / "r", "--by", "folds", *quick, *TWO_FACES)
    codes = {one["code"] for one in json.loads((tmp_path / "r" / "metrics.json").read_text())["data"]["findings"]}
    page = (tmp_path / "r" / "report.html").read_text()
    assert ran.code == 1
    assert {
        "not_an_image",
        "several_faces",
        "greyscale",
        "missing_values",
        "column_recognised",
        "separator_recognised",
    } <= codes
    assert "with several faces" in page
    for text in FOUND:
        assert text in ran.out + ran.err


def test_what_a_message_names_is_not_repeated_as_an_example(dysfw, paint, tmp_path):
    for name in ("a.png", "b.png"):
        paint(name, (200, 40, 40), seed=1)
    (tmp_path / "m.csv").write_text("Photo,label,height\na.png,x,3\nb.png,y,4\n")
    lines = dysfw("data", "check", tmp_path / "m.csv").err.splitlines()
    assert "note: columns not used: height" in lines
    assert "note: column 'Photo' is read as path" in lines
    assert "warning: 2 classes without a usable image: x, y" in lines


def test_audit_prints_them_and_keeps_them(dysfw, toy_recipe, troubled, tmp_path):
    toy_recipe.write_text(toy_recipe.read_text().replace("{use: centre}", "{use: centre, faces: 2}"))
    ran = dysfw("audit", troubled, "--recipe", toy_recipe, "-o", tmp_path / "a", "--permutations", 99)
    findings = {one["code"]: one for one in json.loads((tmp_path / "a" / "audit.json").read_text())["findings"]}
    assert ran.code == 1
    assert findings["not_an_image"]["examples"] == ["green/3.png"]
    assert findings["several_faces"]["images"] == 29
    for text in FOUND:
        assert text in ran.err


def test_data_check_prints_them(dysfw, troubled):
    ran = dysfw("data", "check", troubled)
    assert ran.code == 1
    for text in FOUND:
        assert text in ran.err or text == "with several faces"  # it looks for no faces


def test_batch_prints_what_was_recognised(dysfw, bundle, colour_data, tmp_path):
    manifest = colour_data / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(",red-0,", ",NA,", 1).replace(",", ";").replace("red/0.png", "RED\\0.PNG"))
    ran = dysfw("batch", bundle, manifest, "-o", tmp_path / "o.parquet")
    assert ran.code == 0
    assert "warning: patient: 1 cell with 'NA' count" in ran.err
    assert "cells are separated by semicolons" in ran.err
    assert "1 path written with backslashes between folders and in another case than the files" in ran.err
