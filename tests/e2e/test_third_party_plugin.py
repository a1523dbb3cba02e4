"""A plugin from a folder that this project does not install: pip install it, name it in a recipe, run."""

import json
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "plugins" / "dysfw-example"


@pytest.fixture(scope="module")
def installed(layer):
    """An environment with plugins/dysfw-example in it."""
    own = layer()
    own.run("pip", "install", "--quiet", EXAMPLE)
    return own


def test_without_it_the_recipe_says_what_to_install(shell, tmp_path):
    recipe = thirds(tmp_path)
    ran = shell("recipe", "check", recipe, code=2)
    assert "segmenter 'facial_thirds' belongs to the plugin dysfw-example, which is not installed" in ran.stderr
    assert re.search(r"pip install -e \S+/plugins/dysfw-example", ran.stderr)


def test_installed_it_is_listed_trained_and_run(installed, phantoms, tmp_path):
    recipe = thirds(tmp_path)
    assert "dysfw-example 0.1.0" in installed.run("dysfw", "components", "segmenter").stdout
    installed.run("dysfw", "train", recipe, phantoms, "-o", tmp_path / "thirds")
    image = phantoms / "phantom-unaffected" / "000.jpg"
    ran = installed.run("dysfw", "run", tmp_path / "thirds", image, "--json")
    assert [r["name"] for r in json.loads(ran.stdout)["regions"]] == ["upper_third", "middle_third", "lower_third"]


def test_its_own_tests_pass(installed):
    installed.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLE / "tests")


def thirds(folder: Path) -> Path:
    recipe = folder / "thirds.yaml"
    recipe.write_text(
        f"extends: {ROOT}/recipes/dlib.yaml\nname: thirds\nsegmenter: {{use: facial_thirds}}\nhead: {{use: softmax, C: 0.01}}\n"
    )
    return recipe
