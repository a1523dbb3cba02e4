"""The JSON Schema of recipes agrees with the checks."""

import json
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import jsonschema
import pytest

from dysfw.contracts.kinds import PIPELINE_KINDS
from dysfw.recipe.document import read_document
from dysfw.recipe.json_schema import recipe_schema
from dysfw.registry.host import load_plugins
from dysfw.registry.registry import Registry, load_registry

ROOT = Path(__file__).parents[2]
RECIPES = sorted((ROOT / "recipes").glob("*.yaml"))
REST = {
    "version": 1, "name": "x", "detector": {"use": "centre"}, "segmenter": {"use": "toy_halves"}, "head": {"use": "softmax"},
    "fusion": {"use": "mean"},
}  # fmt: skip
PARTLY_BROKEN = """
from dysfw.builtin.fusions.pools import Mean
from dysfw.registry.hookspecs import ComponentSpec, hookimpl

class Free(Mean):
    def __init__(self, power): ...

@hookimpl
def dysfw_components():
    return [
        ComponentSpec("fusion", "good", "dysfw.builtin.fusions.pools:Mean", "works"),
        ComponentSpec("fusion", "lost", "no_such_module:Lost", "cannot be imported"),
        ComponentSpec("fusion", "free", "partly_broken_plugin:Free", "breaks a rule"),
    ]
"""
FILES = {"use": "files", "weights": "w"}


def validator(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.fixture(scope="module")
def accepts(registry):
    schema, left_out = recipe_schema(registry)
    assert left_out == []
    return validator(schema).is_valid


@pytest.mark.parametrize("file", RECIPES, ids=lambda file: file.name)
def test_all_included_recipes_are_valid(file):
    schema, left_out = recipe_schema(load_registry())
    assert left_out == []
    assert [error.message for error in validator(schema).iter_errors(read_document(file).value)] == []


@pytest.mark.parametrize(
    "backbone",
    [
        FILES,
        {"use": "unknown:files", "weights": "w"},
        FILES | {"kind": "large", "layers": 3, "rate": 1, "shares": {"a": 1.5}, "size": "auto", "seed": 3, "device": "cuda"},
        {"use": "joined", "of": [FILES, {"use": "wrap", "inner": FILES, "other": None}]},
    ],
)
def test_a_valid_recipe_is_accepted(accepts, backbone):
    assert accepts(REST | {"backbone": backbone, "crop": {"size": 160}, "device": "cuda:1", "bundle": "b"})


@pytest.mark.parametrize(
    "backbone",
    [
        {"use": "nothing"},
        {"use": "mean"},
        {"weights": "w"},
        {"use": "files"},
        FILES | {"layrs": 3},
        FILES | {"kind": "smal"},
        FILES | {"layers": "3"},
        FILES | {"layers": 100},
        {"use": "joined", "of": []},
        {"use": "joined", "of": FILES},
        {"use": "joined", "of": [FILES, {"use": "files", "kind": "small"}]},
        {"use": "wrap"},
        {"use": "wrap", "inner": FILES | {"kind": "smal"}},
        "files",
    ],
)
def test_an_invalid_component_is_refused(accepts, backbone):
    assert not accepts(REST | {"backbone": backbone})
    assert accepts(REST | {"backbone": FILES})


@pytest.mark.parametrize(
    "keys", [{"nam": "x"}, {"version": 2}, {"device": "gpu"}, {"crop": {"margn": 1}}, {"name": "a b"}, {"extends": 3}]
)
def test_invalid_keys_are_refused(accepts, keys):
    assert not accepts(REST | {"backbone": FILES} | keys)


@pytest.mark.parametrize("key", ["version", "name", *PIPELINE_KINDS])
def test_only_recipes_that_extend_another_may_be_incomplete(accepts, key):
    whole = REST | {"backbone": FILES}
    rest = {name: value for name, value in whole.items() if name != key}
    assert accepts(whole)
    assert not accepts(rest)
    assert accepts(rest | {"extends": "base.yaml"})


def test_a_recipe_that_extends_another_may_set_single_parameters(accepts):
    assert accepts({"extends": "base.yaml", "backbone": {"layers": 5}, "crop": {"size": 299}})
    assert not accepts({"extends": "base.yaml", "backbone": {"layrs": 5}})
    assert not accepts({"extends": "base.yaml", "backbone": {"use": "mosaic", "layers": 5}})
    assert not accepts({"backbone": {"layers": 5}})


def test_a_kind_without_installed_components_accepts_nothing():
    schema, _ = recipe_schema(load_registry(only=[]))
    valid = validator(schema).is_valid
    assert not valid(REST | {"backbone": FILES})
    assert valid({"extends": "base.yaml", "fusion": {"use": "mean"}})


def test_ambiguous_names_are_only_accepted_in_full(registry):
    (sample,) = (plugin for plugin in registry.plugins if plugin.name == "sample")
    others = [plugin for plugin in registry.plugins if plugin is not sample]
    twice = Registry([*others, replace(sample, distribution="one"), replace(sample, distribution="two")])
    valid = validator(recipe_schema(twice)[0]).is_valid
    names = ("files", "one:files", "two:files", "three:files")
    assert [valid(REST | {"backbone": {"use": name, "weights": "w"}}) for name in names] == [False, True, True, False]


def test_components_without_a_schema_are_left_out_with_a_reason(write, monkeypatch):
    monkeypatch.syspath_prepend(write("partly_broken_plugin.py", PARTLY_BROKEN).parent)
    schema, left_out = recipe_schema(Registry(load_plugins(entry_points=[EntryPoint("p", "partly_broken_plugin", "dysfw")])))
    assert [reason.partition(":")[0] for reason in left_out] == [
        "fusion 'unknown",
        "the constructor of partly_broken_plugin.Free does not annotate its parameter 'power'",
    ]
    assert "fusion 'unknown:lost' is installed (unknown ?) but cannot be imported: ModuleNotFoundError" in left_out[0]
    assert [choice["$ref"] for choice in schema["$defs"]["fusion"]["oneOf"]] == ["#/$defs/fusion:unknown:good"]


def installed_schema():
    """The schema of the core and the plugins of this repository, without other installed plugins."""
    shipped = [path.parent.name for path in (ROOT / "plugins").glob("*/pyproject.toml") if path.parent.name != "dysfw-example"]
    return recipe_schema(load_registry(["builtin", *shipped]))[0]


def test_the_schema_file_is_up_to_date():
    stored = json.loads((ROOT / "recipes" / "recipe.schema.json").read_text())
    assert stored == installed_schema(), "run: dysfw recipe schema > recipes/recipe.schema.json"


def test_every_key_is_described():
    schema = installed_schema()
    for where, block in {"the recipe": schema, **schema["$defs"]}.items():
        for name, value in (block.get("properties", {}) if isinstance(block, dict) else {}).items():
            assert value.get("description"), f"{where}: {name}"


@pytest.mark.parametrize("file", RECIPES, ids=lambda file: file.name)
def test_every_recipe_refers_to_its_schema(file):
    assert file.read_text().startswith("# yaml-language-server: $schema=recipe.schema.json\n")
