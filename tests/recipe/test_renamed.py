"""A recipe written for names that were changed since works as it did, and says what to write now."""

import warnings

import pytest

from dysfw.recipe import renamed
from dysfw.recipe.check import load_recipe
from dysfw.recipe.renamed import RenamedWarning


def test_a_parameter_by_its_old_name(recipe):
    with pytest.warns(RenamedWarning, match=r"sample.yaml:6:44: backbone.depth is now called 'layers'"):
        loaded = recipe(backbone="{use: files, weights: trunk.bin, depth: 5}")
    assert loaded.nodes["backbone"].params["layers"] == 5
    assert "depth" not in loaded.nodes["backbone"].params
    with warnings.catch_warnings(action="error"):
        assert recipe(backbone="{use: files, weights: trunk.bin, layers: 5}").fingerprint == loaded.fingerprint


def test_what_is_wrong_with_its_value_is_told_at_its_place(recipe, problems_of):
    with pytest.warns(RenamedWarning):
        told = problems_of(lambda: recipe(backbone="{use: files, weights: trunk.bin, depth: deep}"))
    assert told == ['sample.yaml:6:44: backbone.layers: found "deep"; allowed is a valid integer']


def test_paths_below_it_stay_relative_to_their_file(recipe, tmp_path):
    with pytest.warns(RenamedWarning, match=r"backbone.others is now called 'named'"):
        loaded = recipe(backbone="{use: files, weights: trunk.bin, others: {a: b.bin}}", file="sub/r.yaml")
    assert loaded.nodes["backbone"].params["named"] == {"a": tmp_path / "sub" / "b.bin"}


def test_beside_the_new_name_the_old_one_does_not_count(recipe):
    with pytest.warns(RenamedWarning, match=r"backbone.depth is now called 'layers', which is given too: 'depth' is ignored"):
        loaded = recipe("backbone.layers=7", backbone="{use: files, weights: trunk.bin, depth: 5}")
    assert loaded.nodes["backbone"].params["layers"] == 7


@pytest.mark.filterwarnings("ignore::dysfw.recipe.renamed.RenamedWarning")
def test_of_two_names_that_of_more_weight_counts(recipe, write, registry):
    loaded = recipe("backbone.depth=9", backbone="{use: files, weights: t, layers: 5}")
    assert loaded.nodes["backbone"].params["layers"] == 9
    for base, child in (("layers", "depth"), ("depth", "layers")):
        recipe(backbone=f"{{use: files, weights: trunk.bin, {base}: 5}}", file="base.yaml")
        file = write("child.yaml", f"extends: base.yaml\nname: child\nbackbone: {{{child}: 8}}\n")
        assert load_recipe(file, registry).nodes["backbone"].params["layers"] == 8


@pytest.mark.parametrize("old", ["shell", "cover"])
def test_a_component_by_its_old_name(recipe, old):
    inner = "{use: files, weights: trunk.bin}"
    with pytest.warns(RenamedWarning, match=rf"sample.yaml:6:12: the backbone '{old}' is now called 'wrap'"):
        loaded = recipe(backbone=f"{{use: {old}, inner: {inner}}}")
    with warnings.catch_warnings(action="error"):
        assert loaded.to_dict() == recipe(backbone=f"{{use: wrap, inner: {inner}}}").to_dict()


def test_an_old_name_gives_way_to_a_component_that_has_it_now(recipe, registry, monkeypatch):
    (entry,) = [e for e in registry.components["backbone"] if e.spec.name == "wrap"]
    others = [e for e in registry.components["backbone"] if e is not entry]
    taken = type(entry)(type(entry.spec)("backbone", "shell", "sample_components:Files", "has the name now"), entry.plugin)
    monkeypatch.setitem(registry.components, "backbone", [entry, taken, *others])
    assert registry.component("backbone", "shell").spec.summary == "has the name now"


def test_keys_of_the_recipe_itself(recipe, monkeypatch):
    monkeypatch.setitem(renamed.KEYS, (), {"number": "seed"})
    monkeypatch.setitem(renamed.KEYS, ("crop",), {"border": "margin"})
    with pytest.warns(RenamedWarning) as told:
        loaded = recipe(number="3", crop="{border: 0.1}")
    assert (loaded.seed, loaded.crop.margin) == (3, 0.1)
    assert [str(w.message).rpartition("sample.yaml:")[2] for w in told] == [
        "9:1: number is now called 'seed'",
        "10:8: crop.border is now called 'margin'",
    ]


def test_every_new_name_in_the_table_exists():
    """Of what was renamed in the recipe itself."""
    from dysfw.recipe.check import TopKeys

    for path, names in renamed.KEYS.items():
        block = TopKeys.model_json_schema()
        for key in path:
            block = block["$defs"][block["properties"][key]["$ref"].rpartition("/")[2]]
        assert set(names.values()) <= block["properties"].keys()


def test_a_recipe_of_a_later_version_says_so_and_tells_the_rest(recipe, problems_of):
    assert problems_of(lambda: recipe(version="2", seed="-1")) == [
        "sample.yaml:1:1: version: found 2; this dysfw reads version 1: the recipe needs a newer dysfw",
        "sample.yaml:9:1: seed: found -1; allowed is greater than or equal to 0",
    ]
