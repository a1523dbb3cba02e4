import re
from importlib import metadata
from pathlib import Path

import pytest

from dysfw.recipe.check import load_recipe
from dysfw.recipe.problems import RecipeError
from dysfw.registry.host import load_plugins
from dysfw.registry.registry import Registry


@pytest.fixture(scope="session")
def registry():
    """The built-in components, the toys and those of sample_components.py."""
    points = [p for p in metadata.entry_points(group="dysfw") if p.name == "builtin"]
    points += [metadata.EntryPoint(n, m, "dysfw") for n, m in (("toys", "dysfw_toys.plugin"), ("sample", "sample_components"))]
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parent)
        yield Registry(load_plugins(entry_points=points))


@pytest.fixture
def write(tmp_path):
    """write("name.yaml", text): a file, with its parent folders."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def recipe(registry, write):
    """recipe("seed=3", backbone="{use: wrap}", file="r.yaml"): a checked recipe with lines replaced (None removes them)."""
    lines = {
        "version": "1",
        "name": "sample",
        "device": "cpu",
        "detector": "{use: centre}",
        "segmenter": "{use: toy_halves}",
        "backbone": "{use: files, weights: backbone.bin}",
        "head": "{use: softmax}",
        "fusion": "{use: mean}",
    }

    def recipe(*overrides: str, file: str = "sample.yaml", **replaced: str | None):
        merged = {key: text for key, text in (lines | replaced).items() if text is not None}
        path = write(file, "".join(f"{key}: {text}\n" for key, text in merged.items()))
        return load_recipe(path, registry, overrides)

    return recipe


@pytest.fixture
def problems_of(tmp_path):
    """problems_of(action): the problems of the RecipeError it raises, without the folder."""

    def problems_of(action) -> list[str]:
        with pytest.raises(RecipeError) as caught:
            action()
        return [re.sub(re.escape(f"{tmp_path}/"), "", str(problem)) for problem in caught.value.problems]

    return problems_of
