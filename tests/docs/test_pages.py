"""Every block of code in the documentation does what the page says."""

import json
import tomllib
from pathlib import Path

import pytest
import yaml
from reader import Session, neighbors, transcript
from written_pages import Block, blocks, name_of, pages

from dysfw.contracts.kinds import KINDS
from dysfw.recipe.check import TopKeys, load_recipe
from dysfw.registry.registry import load_registry

pytestmark = pytest.mark.slow

REASONS = ("needs the internet", "needs a GPU", "needs a cluster", "takes hours", "CI runs it")
ABOUT_CACHE = ("cache",)  # pages that show an empty cache
KEYS = {*TopKeys.model_fields, *KINDS, "extends"}
# What a part of a recipe is put into.
AROUND = {"extends": "recipes/dlib.yaml", "name": "part", "bundle": "null"}


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_block_does_what_it_says(page, tmp_path, shared):
    todo = [block for block in blocks(page.read_text()) if not block.not_run]
    if not todo:
        return
    reader = Session(tmp_path, shared, own_cache=page.stem in ABOUT_CACHE)
    recipes = []
    try:
        for block in todo:
            try:
                recipes += run(block, reader)
            except AssertionError as error:
                pytest.fail(f"{name_of(page)}:{block.line}: {error}", pytrace=False)
        check(recipes, reader, installs=any("pip install" in block.text for block in todo))
    finally:
        reader.close()


def check(recipes: list[Path], reader: Session, *, installs: bool) -> None:
    """As `dysfw recipe check` does; in the reader's own environment where the page has installed something into it."""
    if installs and recipes:
        reader.shell(f"dysfw recipe check {' '.join(map(str, recipes))}")
        return
    for recipe in recipes:
        load_recipe(recipe, load_registry())


def run(block: Block, reader: Session) -> list[Path]:
    """Run, write or read a block. Returns the files of recipes that are to be checked."""
    if block.title:
        path = reader.write(block.title, block.text)
    match block.language:
        case "first" | "sh":
            reader.shell(block.text)
        case "console":
            reader.console(block.text)
        case "python" if block.title:
            compile(block.text, block.title, "exec")
        case "python":
            reader.python(block.text)
        case "json":
            json.loads(block.text)
        case "toml":
            tomllib.loads(block.text)
        case "yaml":
            value = yaml.safe_load(block.text)
            assert isinstance(value, dict)
            if not set(value) <= KEYS:
                assert block.title, f"neither a recipe nor a file with a title: {sorted(set(value) - KEYS)}"
                return []
            if "version" in value or "extends" in value:
                return [path if block.title else reader.write(f"shown-{block.line}.yaml", block.text)]
            around = "".join(f"{key}: {word}\n" for key, word in AROUND.items() if key not in value)
            return [reader.write(f"part-{block.line}.yaml", around + block.text)]
        case "text" | "csv":
            pass
        case other:
            pytest.fail(f"line {block.line}: nobody knows how to check a block of {other!r}", pytrace=False)
    return []


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_what_is_not_run_has_a_reason(page):
    assert {block.not_run for block in blocks(page.read_text()) if block.not_run} <= set(REASONS)


@pytest.mark.parametrize(("shown", "printed", "same"), [
    ("a 0.12 ███ b\n", "a  7.5  ██  b\n", True),
    ("a\n…\nz\n", "a\nb\nc\nz\n", True),
    ("a\n…\nz\n", "a\nz\n", True),
    ("a\nz\n", "a\nb\nz\n", False),
    ("reliable: yes\n", "reliable: no\n", False),
    ("a\n", "embedding: 48 images in 6.4 s (7.5 images/s)\na\n", True),
    ("a\n", "predicting: 1/19, 18 s each, about 10 s left\na\n", True),
])  # fmt: skip
def test_what_may_differ_between_machines(shown, printed, same):
    assert neighbors(shown, printed) is same


def test_a_transcript_is_commands_with_what_they_print():
    text = "$ one \\\n    more\nshown\n$ two\n"
    assert transcript(text) == [("one more", "shown\n"), ("two", "")]
