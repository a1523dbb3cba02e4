"""Recipes extend recipes, and ``--set`` changes the result; every value keeps its position."""

import pytest

from dysfw.errors import DysfwError
from dysfw.recipe.compose import compose
from dysfw.recipe.problems import Position

BASE = """\
name: base
seed: 1
crop: {margin: 0.1, size: 160}
backbone: {use: files, weights: backbone.bin, layers: 5}
fusion: {use: weighted, weights: {nose: 2, mouth: 1}}
"""


@pytest.fixture
def base(write):
    return write("base.yaml", BASE)


def refusal(*arguments):
    with pytest.raises(DysfwError) as caught:
        compose(*arguments)
    return caught.value.message


# --- extends ---------------------------------------------------------------------------------------------------------


def test_a_recipe_inherits_what_it_does_not_set(base, write):
    value = compose(write("r.yaml", "extends: base.yaml\nname: mine\ncrop: {size: 299}\n")).value
    assert value == {
        "name": "mine",
        "seed": 1,
        "crop": {"margin": 0.1, "size": 299},
        "backbone": {"use": "files", "weights": "backbone.bin", "layers": 5},
        "fusion": {"use": "weighted", "weights": {"nose": 2, "mouth": 1}},
    }


@pytest.mark.parametrize(
    ("own", "backbone"),
    [
        ("{layers: 9}", {"use": "files", "weights": "backbone.bin", "layers": 9}),
        ("{use: files, layers: 9}", {"use": "files", "weights": "backbone.bin", "layers": 9}),
        ("{use: concat, of: []}", {"use": "concat", "of": []}),
        ("null", None),
        ("[1]", [1]),
    ],
)
def test_another_component_drops_parameters_and_the_same_one_merges_them(base, write, own, backbone):
    assert compose(write("r.yaml", f"extends: base.yaml\nbackbone: {own}\n")).value["backbone"] == backbone


def test_a_stray_use_at_the_top_drops_nothing(base, write):
    whole = compose(base).value
    assert compose(base, ["use=mean"]).value == whole | {"use": "mean"}
    assert compose(write("r.yaml", "extends: base.yaml\nuse: mean\n")).value == whole | {"use": "mean"}


def test_lists_are_replaced_and_nested_components_merged(write):
    write("base.yaml", "backbone: {use: wrap, inner: {use: files, weights: a}, of: [1, 2, 3]}\n")
    value = compose(write("r.yaml", "extends: base.yaml\nbackbone: {inner: {weights: b}, of: [4]}\n")).value
    assert value["backbone"] == {"use": "wrap", "inner": {"use": "files", "weights": "b"}, "of": [4]}


def test_values_keep_their_position(base, write):
    file = write("r.yaml", "extends: base.yaml\ncrop:\n  size: 299\nbackbone: {use: wrap}\n")
    positions = compose(file).positions
    assert positions["crop", "margin"] == Position(str(base), 3, 8)
    assert positions["crop", "size"] == Position(str(file), 3, 3)
    assert positions["backbone", "use"] == Position(str(file), 4, 12)
    assert positions[()] == Position(str(file), 1, 1)
    assert ("backbone", "layers") not in positions


def test_bases_are_relative_to_the_file_that_extends_them(write):
    write("common/bases/low.yaml", "name: low\nseed: 1\n")
    write("common/mid.yaml", "extends: bases/low.yaml\nname: mid\n")
    assert compose(write("mine/r.yaml", "extends: ../common/mid.yaml\n")).value == {"name": "mid", "seed": 1}


def test_a_base_may_be_in_the_home_folder(base, write, monkeypatch):
    monkeypatch.setenv("HOME", str(base.parent))
    assert compose(write("elsewhere/r.yaml", "extends: ~/base.yaml\n")).value["name"] == "base"


def test_cycles_are_refused(write):
    write("b.yaml", "extends: a.yaml\n")
    message = refusal(write("a.yaml", "extends: b.yaml\n"))
    assert message == "recipes extend each other in a cycle: a.yaml extends b.yaml extends a.yaml"
    assert "own.yaml extends own.yaml" in refusal(write("own.yaml", "extends: ./own.yaml\n"))


@pytest.mark.parametrize(
    ("extends", "problem"),
    [
        ("nowhere.yaml", "no such recipe: nowhere.yaml"),
        ("[base.yaml]", "found ['base.yaml']; must be the path of one recipe"),
        ("3", "found 3; must be the path of one recipe"),
        ("''", "no such recipe: "),
    ],
)
def test_a_missing_base_is_reported_with_its_position(base, write, problems_of, extends, problem):
    file = write("r.yaml", f"name: x\nextends: {extends}\n")
    (found,) = problems_of(lambda: compose(file))
    assert found.startswith(f"r.yaml:2:1: extends: {problem}")


def test_problems_of_a_base_are_reported_in_the_base(write, problems_of):
    write("base.yaml", "name: x\nname: y\n")
    file = write("r.yaml", "extends: base.yaml\n")
    assert problems_of(lambda: compose(file)) == ["base.yaml:2:1: name: this key appears twice"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "r.yaml:1:1: a recipe must be a mapping of keys to values, found nothing"),
        ("- a\n- b\n", "r.yaml:1:1: a recipe must be a mapping of keys to values, found a list"),
        ("\nhello\n", "r.yaml:2:1: a recipe must be a mapping of keys to values, found a str"),
    ],
)
def test_a_recipe_is_a_mapping(write, problems_of, text, problem):
    file = write("r.yaml", text)
    assert problems_of(lambda: compose(file)) == [problem]


# --- --set -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("seed=5", "seed", 5),
        ("name=no", "name", "no"),
        ("name=a=b", "name", "a=b"),
        ("bundle=", "bundle", None),
        ("crop.size=299", "crop", {"margin": 0.1, "size": 299}),
        ("crop={align: false}", "crop", {"align": False}),
        ("new.deep.key=1e-3", "new", {"deep": {"key": 1e-3}}),
        ("fusion.weights.nose=3", "fusion", {"use": "weighted", "weights": {"nose": 3, "mouth": 1}}),
        ("backbone.use=wrap", "backbone", {"use": "wrap"}),
        ("backbone.use=files", "backbone", {"use": "files", "weights": "backbone.bin", "layers": 5}),
    ],
)
def test_an_override_replaces_one_value(base, override, key, value):
    composed = compose(base, [override]).value
    assert composed[key] == value
    assert set(composed) - {key} == {"name", "seed", "crop", "backbone", "fusion"} - {key}


def test_an_override_reaches_into_lists(write):
    file = write("r.yaml", "backbone: {use: concat, of: [{use: a, x: 1}, {use: b, x: 2}]}\n")
    assert compose(file, ["backbone.of.1.x=3"]).value["backbone"]["of"] == [{"use": "a", "x": 1}, {"use": "b", "x": 3}]
    assert compose(file, ["backbone.of.0.use=c"]).value["backbone"]["of"] == [{"use": "c"}, {"use": "b", "x": 2}]
    assert compose(file, ["backbone.of.0={use: d}"]).value["backbone"]["of"][0] == {"use": "d"}


def test_overrides_are_applied_in_order_after_all_bases(base, write):
    file = write("r.yaml", "extends: base.yaml\nseed: 2\n")
    value = compose(file, ["backbone.use=wrap", "backbone.layers=1", "seed=3", "seed=4"]).value
    assert (value["seed"], value["backbone"]) == (4, {"use": "wrap", "layers": 1})


def test_a_new_component_can_be_written_key_by_key(base):
    assert compose(base, ["head.use=softmax", "head.C=2"]).value["head"] == {"use": "softmax", "C": 2}


def test_an_alias_is_not_changed_by_an_override_of_its_anchor(write):
    file = write("r.yaml", "backbone: {use: concat, of: [&x {use: a, n: 1}, *x]}\n")
    assert [item["n"] for item in compose(file, ["backbone.of.0.n=2"]).value["backbone"]["of"]] == [2, 1]


def test_overridden_values_have_the_position_of_the_override(base):
    override = "fusion={use: weighted, weights: {nose: 1}}"
    positions = compose(base, ["crop.size=299", override, "new.deep=1", "backbone.use=files"]).positions
    assert positions["crop", "size"] == Position("--set crop.size=299")
    assert positions["crop",] == Position(str(base), 3, 1)
    assert positions["crop", "margin"] == Position(str(base), 3, 8)
    assert positions["fusion", "weights", "nose"] == Position(f"--set {override}")
    assert ("fusion", "weights", "mouth") not in positions
    assert positions["new",] == Position("--set new.deep=1")
    assert positions["backbone", "use"] == Position("--set backbone.use=files")
    assert positions["backbone", "weights"] == Position(str(base), 4, 24)


def test_dropped_parameters_have_no_position(base):
    positions = compose(base, ["backbone.use=wrap"]).positions
    assert positions["backbone",] == Position("--set backbone.use=wrap")
    assert ("backbone", "weights") not in positions


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("seed", "--set seed: expected key=value, for example --set fusion.use=median or --set crop.size=160"),
        ("=3", "--set =3: expected key=value"),
        ("crop..size=3", "--set crop..size=3: expected key=value"),
        ("seed.x=3", "--set seed.x=3: seed is 1, which has no key 'x'"),
        ("of.2=3", "--set of.2=3: of is a list of 2; found '2', must be an index from 0"),
        ("of.-1=3", "--set of.-1=3: of is a list of 2; found '-1'"),
        ("of.use=3", "--set of.use=3: of is a list of 2; found 'use'"),
        ("extends=base.yaml", "--set extends=base.yaml: extends can only be set in the recipe's file"),
        ("seed=[", "1 problem in the recipe:\n  --set seed=[:1:2: not valid YAML: expected the node content"),
        ("seed=!!int 3", "1 problem in the recipe:\n  --set seed=!!int 3:1:1: the tag '!!int' is not allowed"),
    ],
)
def test_an_override_that_cannot_be_applied_is_refused(write, override, message):
    assert refusal(write("r.yaml", "seed: 1\nof: [1, 2]\n"), [override]).startswith(message)
