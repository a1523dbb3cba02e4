"""The section ``pretrain``."""

import re
from pathlib import Path

import pytest
import yaml

from dysfw.recipe.check import load_recipe
from dysfw.recipe.json_schema import recipe_schema
from dysfw.recipe.problems import RecipeError
from dysfw.recipe.sections import Pretrain

RECIPE = """\
version: 1
name: small
detector: {use: centre}
segmenter: {use: toy_halves}
backbone: {use: mosaic}
head: {use: softmax}
fusion: {use: mean}
pretrain:
  steps: 12
  sizes: [[0, 32], [0.5, 48]]
"""
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "pretraining.md"


@pytest.fixture
def file(write):
    return write("small.yaml", RECIPE)


def test_the_documentation_lists_every_key_with_its_default():
    block = yaml.safe_load(re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)[1])["pretrain"]
    shown = Pretrain.model_validate(block)
    assert block.keys() == Pretrain.model_fields.keys()
    assert block["augment"].keys() == type(shown.augment).model_fields.keys()
    assert shown.softmax_margin == Pretrain().softmax_margin
    assert shown.model_copy(update={"margin": None, "sizes": [], "depth": []}) == Pretrain()


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("pretrain.stepz=3", "did you mean 'steps'"),
        ("pretrain.augment.rotate=3", "did you mean 'rotation'"),
        ("pretrain.steps=0", "found 0; must be greater than or equal to 1"),
        ("pretrain.loss=cosine", "did you mean 'cosface'"),
        ("pretrain.sizes=[[0.5, 64]]", "the first fraction 0"),
        ("pretrain.depth=[[0, 1], [0.5, 1], [0.5, 0]]", "each larger than the last"),
        ("pretrain.depth=[[0, 1.5]]", "less than or equal to 1"),
        ("pretrain={identity: 0}", "nothing to train on"),
        ("pretrain.regions=[]", "at least 1"),
    ],
)
def test_invalid_keys_and_values_are_refused(file, registry, override, message):
    with pytest.raises(RecipeError, match=re.escape(message)) as refused:
        load_recipe(file, registry, [override])
    assert "pretrain" in str(refused.value)


def test_the_section_affects_only_pretraining(file, registry):
    with_section = load_recipe(file, registry)
    file.write_text(file.read_text().partition("pretrain:")[0])
    without = load_recipe(file, registry)
    assert without.pretrain is None
    assert with_section.fingerprint == without.fingerprint
    assert with_section.resolved() == without.resolved()
    assert with_section.to_dict()["pretrain"]["steps"] == 12


def test_the_section_is_in_the_schema(registry):
    schema, _ = recipe_schema(registry)
    assert {"Pretrain", "Augment"} <= schema["$defs"].keys()
