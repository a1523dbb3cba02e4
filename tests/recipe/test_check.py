"""Recipes are checked against the installed components, and all problems are reported at once."""

from pathlib import Path

import pytest

from dysfw.inference.build import build
from dysfw.recipe.check import load_recipe
from dysfw.recipe.problems import RecipeError
from dysfw.types import Crop

FIVE_PROBLEMS = """\
version: 1
name: five
device: cpu
detector: {use: centre, faces: "2"}
segmenter: {use: toy_halfs}
crop:
  margn: 0.1
backbone:
  use: joined
  of:
    - {use: files, weights: backbone.bin}
    - use: files
      weights: backbone.bin
      kind: smal
head: {use: softmax}
"""
# Missing keys have no position, so they are reported at the beginning of the recipe.
MESSAGE = """\
5 problems in the recipe:
  FOLDER/five.yaml:1:1: fusion: is missing; installed: borda, geometric, max, mean, median, stacking, weighted
  FOLDER/five.yaml:4:25: detector.faces: found "2"; must be a valid integer
  FOLDER/five.yaml:5:13: segmenter.use: no segmenter is called 'toy_halfs'; did you mean 'toy_halves'?
    installed: grid, halves, landmark_boxes, toy_halves, whole_face. If it belongs to a plugin, install that plugin first.
  FOLDER/five.yaml:7:3: crop.margn: unknown key; did you mean 'margin'? (allowed: align, margin, min_side, size)
  FOLDER/five.yaml:14:7: backbone.of.1.kind: found "smal"; must be one of small, large; did you mean 'small'?"""


def test_a_recipe_is_read_with_all_defaults_filled_in(recipe, tmp_path):
    loaded = recipe()
    assert (loaded.name, loaded.device, loaded.precision, loaded.seed) == ("sample", "cpu", "auto", 0)
    assert loaded.crop == Crop(align="backbone", margin=0, min_side=0.7, size=None)
    assert loaded.bundle is None
    assert {kind: node.use for kind, node in loaded.nodes.items()} == {
        "detector": "centre", "segmenter": "toy_halves", "backbone": "files", "head": "softmax", "fusion": "mean",
    }  # fmt: skip
    node = loaded.nodes["backbone"]
    assert node.origin == "unknown ?"
    assert node.path == ("backbone",)
    assert loaded.nodes["head"].origin.startswith("dysfw ")
    assert node.params == {
        "weights": tmp_path / "backbone.bin", "more": None, "named": None, "kind": "small", "layers": 3, "rate": 1.0,
        "flag": False, "text": "", "size": "auto", "shares": None,
    }  # fmt: skip


def test_all_problems_are_reported_with_position_and_allowed_values(write, registry, tmp_path):
    file = write("five.yaml", FIVE_PROBLEMS)
    with pytest.raises(RecipeError) as caught:
        load_recipe(file, registry)
    assert caught.value.message == MESSAGE.replace("FOLDER", str(tmp_path))
    assert len(caught.value.problems) == 5


TOP_LEVEL = [
    ({"version": "2"}, "1:1: version: found 2; this version of dysfw reads recipes of version 1: upgrade dysfw"),
    ({"version": '"1"'}, "1:1: version: found \"1\"; must be 1; did you mean '1'?"),
    ({"version": None}, "1:1: version: is missing"),
    ({"name": "a/b"}, '2:1: name: found "a/b"; allowed: letters, digits and . _ -'),
    ({"name": "1e3"}, "2:1: name: found 1000.0; must be a valid string"),
    ({"device": "gpu"}, '3:1: device: found "gpu"; allowed: auto, cpu, cuda, cuda:1 … or mps'),
    (
        {"precision": "float16"},
        "9:1: precision: found \"float16\"; must be one of auto, float32, bfloat16; did you mean 'bfloat16'?",
    ),
    ({"seed": "-1"}, "9:1: seed: found -1; must be greater than or equal to 0"),
    ({"seed": "true"}, "9:1: seed: found true; must be a valid integer"),
    ({"crop": "3"}, "9:1: crop: found 3; must be an object"),
    ({"crop": "{size: 15}"}, "9:8: crop.size: found 15; must be greater than or equal to 16"),
    ({"crop": "{margin: .nan}"}, "9:8: crop.margin: found NaN; must be less than or equal to 1"),
    (
        {"crop": "{align: no}"},
        '9:8: crop.align: found "no"; must be a valid boolean, or must be one of backbone, dlib, arcface, facenet',
    ),
    ({"bundle": "[a]"}, '9:1: bundle: found ["a"]; must be a valid string'),
]


@pytest.mark.parametrize(("replaced", "problem"), TOP_LEVEL)
def test_the_keys_of_a_recipe_are_checked(recipe, problems_of, replaced, problem):
    assert problems_of(lambda: recipe(**replaced)) == [f"sample.yaml:{problem}"]


def test_the_closest_key_is_suggested_for_an_unknown_one(recipe, problems_of):
    (problem,) = problems_of(lambda: recipe(fuson="{use: mean}"))
    assert problem.startswith("sample.yaml:9:1: fuson: unknown key; did you mean 'fusion'? (allowed: version, name")


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("rate: 3", 3.0), ("layers: 4", 4), ("flag: true", True), ("text: no", "no"), ("kind: large", "large"), ("size: 64", 64)],
)
def test_parameters_accept_values_of_their_type(recipe, parameter, value):
    found = recipe(backbone=f"{{use: files, weights: w, {parameter}}}").nodes["backbone"].params[parameter.partition(":")[0]]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("parameter", "problem"),
    [
        ('layers: "3"', 'layers: found "3"; must be a valid integer'),
        ("layers: 3.0", "layers: found 3.0; must be a valid integer"),
        ("layers: true", "layers: found true; must be a valid integer"),
        ("layers: null", "layers: found null; must be a valid integer"),
        ("layers: 100", "layers: found 100; must be less than or equal to 99"),
        ('rate: "1"', 'rate: found "1"; must be a valid number'),
        ("rate: true", "rate: found true; must be a valid number"),
        ("flag: 1", "flag: found 1; must be a valid boolean"),
        ("flag: yes", 'flag: found "yes"; must be a valid boolean'),
        ("text: 3", "text: found 3; must be a valid string"),
        ("size: x", 'size: found "x"; must be a valid integer, or must be auto'),
        ("more: [1]", "more.0: found 1; must be a valid string"),
        ('shares: {nose: "3"}', 'shares.nose: found "3"; must be a valid number'),
        ("layrs: 3", "layrs: unknown key; did you mean 'layers'? (allowed: use, weights, more"),
    ],
)
def test_values_of_another_type_are_refused(recipe, problems_of, parameter, problem):
    (found,) = problems_of(lambda: recipe(backbone=f"{{use: files, weights: w, {parameter}}}"))
    place, _, rest = found.partition(": ")
    within = max(parameter.find("["), parameter.find("{")) + 1
    assert place == f"sample.yaml:6:{36 + within}"
    assert rest.startswith(f"backbone.{problem}")


@pytest.mark.parametrize("value", ["null", "files", "{}", "{weights: w}", "{use: 3}", "{use: }", "[files]"])
def test_the_error_explains_how_to_write_a_component(recipe, problems_of, value):
    (problem,) = problems_of(lambda: recipe(backbone=value))
    assert problem.startswith("sample.yaml:6:1: backbone: found ")
    assert "write a backbone as {use: NAME, …}; installed: concat, files" in problem


def test_a_missing_parameter_is_reported_at_its_component(recipe, problems_of):
    assert problems_of(lambda: recipe(backbone="{use: files}")) == ["sample.yaml:6:1: backbone.weights: is missing"]


def test_long_values_are_cut_short(recipe, problems_of):
    (problem,) = problems_of(lambda: recipe(backbone=f"[{'x' * 500}]"))
    assert len(problem) < 250


# --- nested components -----------------------------------------------------------------------------------------------


def test_components_nest_to_any_depth(recipe):
    files = "{use: files, weights: w}"
    node = recipe(backbone=f"{{use: joined, of: [{files}, {{use: wrap, inner: {files}}}]}}").nodes["backbone"]
    first, second = node.params["of"]
    assert (first.use, first.kind, first.path) == ("files", "backbone", ("backbone", "of", 0))
    assert second.params["inner"].path == ("backbone", "of", 1, "inner")
    assert second.params["other"] is None
    assert node.params["scale"] == 1.0


@pytest.mark.parametrize(
    ("backbone", "problem"),
    [
        ("{use: wrap}", "backbone.inner: is missing; installed: concat, files"),
        ("{use: wrap, inner: null}", "backbone.inner: is missing; installed: concat, files"),
        ("{use: wrap, inner: files}", 'backbone.inner: found "files"; write a backbone as {use: NAME, …}'),
        ("{use: wrap, inner: {use: mean}}", "backbone.inner.use: no backbone is called 'mean'"),
        ("{use: wrap, inner: {use: mosaic, tils: 2}}", "backbone.inner.tils: unknown key; did you mean 'tiles'?"),
        ("{use: wrap, inner: {use: mosaic}, other: 3}", "backbone.other: found 3; write a backbone as"),
        ("{use: wrap, inner: {use: mosaic}, oter: 3}", "backbone.oter: unknown key; did you mean 'other'?"),
        ("{use: joined, of: []}", "backbone.of: found []; of must be a list of backbones, each {use: NAME, …}"),
        ("{use: joined, of: {use: mosaic}}", 'backbone.of: found {"use": "mosaic"}; of must be a list of backbones'),
        ("{use: joined, of: [{use: mosaic}, 3]}", "backbone.of.1: found 3; write a backbone as"),
    ],
)
def test_nested_components_are_checked(recipe, problems_of, backbone, problem):
    (found,) = problems_of(lambda: recipe(backbone=backbone))
    assert f": {problem}" in found


def test_nested_components_are_all_checked_even_if_one_is_invalid(recipe, problems_of):
    found = problems_of(lambda: recipe(backbone="{use: joined, scale: x, of: [{use: files}, {use: mosaik}]}"))
    assert [line.split(": ")[1] for line in found] == ["backbone.scale", "backbone.of.0.weights", "backbone.of.1.use"]


# --- paths -----------------------------------------------------------------------------------------------------------


def backbone_params(loaded):
    return loaded.nodes["backbone"].params


def test_paths_are_relative_to_the_recipe(recipe, tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    params = backbone_params(
        recipe(file="deep/r.yaml", backbone="{use: files, weights: ../w, more: [a, /b], named: {x: c}, text: d}")
    )
    assert params["weights"] == tmp_path / "deep" / ".." / "w"
    assert params["more"] == [tmp_path / "deep" / "a", Path("/b")]
    assert params["named"] == {"x": tmp_path / "deep" / "c"}
    assert params["text"] == "d"


def test_paths_are_absolute_even_if_the_recipes_path_is_relative(registry, recipe, tmp_path, monkeypatch):
    recipe()
    monkeypatch.chdir(tmp_path)
    assert backbone_params(load_recipe(Path("sample.yaml"), registry))["weights"] == tmp_path / "backbone.bin"


def test_paths_are_relative_to_the_file_that_contains_them(recipe, registry, write, tmp_path):
    recipe(file="bases/base.yaml", bundle="trained")
    file = write("mine/r.yaml", "extends: ../bases/base.yaml\nbackbone: {more: [a]}\n")
    loaded = load_recipe(file, registry)
    bases, mine = tmp_path / "mine" / ".." / "bases", tmp_path / "mine"
    assert backbone_params(loaded)["weights"] == bases / "backbone.bin"
    assert backbone_params(loaded)["more"] == [mine / "a"]
    assert loaded.folder == bases
    assert load_recipe(write("mine/s.yaml", "extends: ../bases/base.yaml\nbundle: own\n"), registry).folder == mine


def test_a_path_on_the_command_line_is_relative_to_the_current_folder(recipe, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    loaded = recipe("backbone.weights=w", "bundle=trained")
    assert backbone_params(loaded)["weights"] == tmp_path / "here" / "w"
    assert loaded.folder == tmp_path / "here"
    assert backbone_params(recipe("backbone.use=files"))["weights"] == tmp_path / "backbone.bin"


def test_the_home_folder_is_expanded(recipe, monkeypatch, problems_of):
    monkeypatch.setenv("HOME", "/home/someone")
    assert backbone_params(recipe("backbone.weights=~/w"))["weights"] == Path("/home/someone/w")
    (problem,) = problems_of(lambda: recipe("backbone.weights=~no-such-user/w"))
    assert problem.startswith('--set backbone.weights=~no-such-user/w: backbone.weights: found "~no-such-user/w"; ')


def test_a_path_may_be_the_name_of_registered_weights(recipe):
    loaded = recipe(backbone="{use: files, weights: shipped, more: [shipped, other]}")
    built = build(loaded).backbone.weight_files
    assert built[0].is_file()
    assert built[0].name == "py.typed"
    assert [path.name for path in built[1]] == ["py.typed", "other"]
    # By name, not by path, so that a bundle works on other machines.
    assert loaded.resolved()["backbone"]["weights"] == "unknown:shipped"
    assert loaded.nodes["backbone"].portable()["weights"] == "unknown:shipped"


# --- building --------------------------------------------------------------------------------------------------------


def test_errors_of_a_constructor_are_reported_at_its_component(recipe, problems_of):
    loaded = recipe(backbone="{use: wrap, inner: {use: files, weights: w, layers: 0}}")
    assert problems_of(lambda: build(loaded)) == ["sample.yaml:6:23: backbone.inner: layers must be 1 or more, found 0"]


def test_nested_components_receive_device_and_seed(recipe):
    files = "{use: files, weights: w}"
    other = "{use: files, weights: w, seed: 1, device: cpu}"
    backbone = build(recipe(backbone=f"{{use: wrap, inner: {files}, other: {other}}}", seed="5")).backbone
    assert (backbone.inner.seed, backbone.other.seed) == (5, 1)
    assert (backbone.inner.device, backbone.other.device) == ("cpu", "cpu")
