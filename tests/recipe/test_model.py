"""Fingerprints and dictionaries of recipes."""

import pickle
from pathlib import Path

import pytest

from dysfw.recipe.check import check, load_recipe
from dysfw.recipe.document import dump_document, parse_document
from dysfw.registry.registry import load_registry

NESTED = "{use: joined, of: [{use: files, weights: w, shares: {b: 1, a: 2}}, {use: wrap, inner: {use: mosaic}}]}"


@pytest.mark.parametrize(
    "overrides",
    [
        ["name=other"],
        ["device=auto", "precision=bfloat16"],
        ["bundle=trained"],
        ["backbone.of.0.device=cuda:1"],
        ["backbone.of.0.weights=/elsewhere/w"],
        ["backbone.of.0.layers=3", "backbone.scale=1", "crop.margin=0"],  # the defaults
        ["backbone.of.0.rate=1"],
        ["backbone.of.0.rate=1.0"],
        ["backbone.of.0.shares={a: 2.0, b: 1.0}"],
        ["reliability={coverage: 0.9, max_pose_angle: 40.0}"],  # the defaults
    ],
)
def test_the_fingerprint_ignores_settings_that_do_not_change_results(recipe, overrides):
    assert recipe(*overrides, backbone=NESTED).fingerprint == recipe(backbone=NESTED).fingerprint


@pytest.mark.parametrize(
    "override",
    [
        "seed=1", "crop.margin=0.2", "crop.align=false", "crop.size=160", "fusion.use=median", "head.C=2", "detector.faces=2",
        "backbone.scale=2", "backbone.of.0.layers=4", "backbone.of.0.weights=other", "backbone.of.0.text=/elsewhere/w",
        "backbone.of.0.seed=3", "backbone.of.0.shares.a=3", "backbone.of.1.inner.tiles=2", "backbone.of.1.other={use: mosaic}",
        "reliability.coverage=0.8",
    ],
)  # fmt: skip
def test_the_fingerprint_depends_on_all_settings_that_change_results(recipe, override):
    assert recipe(override, backbone=NESTED).fingerprint != recipe(backbone=NESTED).fingerprint


def test_text_that_looks_like_a_path_counts_in_full(recipe):
    one, other = (recipe(f"backbone.text={text}") for text in ("/a/model", "/b/model"))
    assert one.fingerprint != other.fingerprint


def test_the_fingerprint_ignores_comments_key_order_and_location(registry, write):
    lines = [
        "version: 1", "name: x", "detector: {use: centre, faces: 2, choose: last}", "segmenter: {use: toy_halves}",
        "backbone: {use: files, weights: backbone.bin, shares: {b: 1, a: 2}}", "head: {use: softmax}", "fusion: {use: mean}",
    ]  # fmt: skip
    other = [
        *reversed(lines[3:4] + lines[5:]), "# a comment", "version: 1", "name: y",
        "detector: {choose: last, faces: 2, use: centre}",
        "backbone:\n  shares: {a: 2, b: 1}\n  weights: backbone.bin\n  use: files",
    ]  # fmt: skip
    first = load_recipe(write("here/a.yaml", "\n".join(lines)), registry)
    second = load_recipe(write("there/b.yaml", "\n".join(other)), registry)
    assert first.nodes["backbone"].params["weights"] != second.nodes["backbone"].params["weights"]
    assert first.fingerprint == second.fingerprint


def test_the_dictionary_has_the_usual_order_of_keys(recipe):
    content = recipe(bundle="trained", fusion="{use: mean}").to_dict()
    order = "version name device precision runtime seed detector segmenter crop backbone head fusion reliability bundle"
    assert list(content) == order.split()
    assert list(content["backbone"])[:3] == ["use", "weights", "more"]
    assert "bundle" not in recipe().to_dict()


@pytest.mark.parametrize(
    "lines",
    [
        {},
        {"backbone": NESTED, "bundle": "trained", "crop": "{size: 160, margin: 0}"},
        {"name": '"1e3"', "backbone": '{use: files, weights: w, more: [a], named: {"010": b}, text: "08", device: cuda}'},
    ],
)
def test_a_recipe_survives_a_round_trip_through_its_dictionary(recipe, registry, write, lines):
    first = recipe(**lines)
    second = load_recipe(write("again/dumped.yaml", dump_document(first.to_dict())), registry)
    assert second.to_dict() == first.to_dict()
    assert repr(second.to_dict()) == repr(first.to_dict())
    assert second.fingerprint == first.fingerprint


def test_a_dictionary_contains_only_plain_values(recipe, registry):
    content = recipe(backbone=NESTED).to_dict()
    assert check(parse_document(dump_document(content), "r.yaml"), registry).to_dict() == content


@pytest.mark.parametrize("name", ["paper", "gestalt", "two-stage"])
def test_a_recipe_can_be_sent_to_worker_processes(name):
    pytest.importorskip("dysfw_phantom")
    recipe = load_recipe(Path(__file__).parents[2] / "recipes" / f"{name}.yaml", load_registry())
    assert pickle.loads(pickle.dumps(recipe)).fingerprint == recipe.fingerprint  # noqa: S301  # its own
