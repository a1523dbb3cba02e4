"""A plugin from a folder that this project does not install: pip install it, name it in a recipe, run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """plugins/dysfw-example, installed by pip into a folder of its own."""
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
    subprocess.run([*command, str(ROOT / "plugins" / "dysfw-example")], check=True)
    return target


def test_without_it_the_recipe_says_what_to_install(shell, tmp_path):
    recipe = thirds(tmp_path)
    ran = shell("recipe", "check", recipe, code=2)
    assert "segmenter 'facial_thirds' belongs to the plugin dysfw-example, which is not installed" in ran.stderr
    assert "pip install -e plugins/dysfw-example" in ran.stderr


def test_installed_it_is_listed_trained_and_run(shell, installed, phantoms, tmp_path):
    recipe, path = thirds(tmp_path), os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")])
    assert "dysfw-example 0.1.0" in shell("components", "segmenter", PYTHONPATH=path).stdout
    shell("train", recipe, phantoms, "-o", tmp_path / "thirds", PYTHONPATH=path)
    image = phantoms / "phantom-unaffected" / "000.jpg"
    ran = shell("run", tmp_path / "thirds", image, "--json", PYTHONPATH=path)
    assert [r["name"] for r in json.loads(ran.stdout)["regions"]] == ["upper_third", "middle_third", "lower_third"]


def test_its_own_tests_pass(installed):
    environment = os.environ | {"PYTHONPATH": str(installed)}
    tests = ROOT / "plugins" / "dysfw-example" / "tests"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)]
    subprocess.run(command, check=True, env=environment, capture_output=True)


def thirds(folder: Path) -> Path:
    recipe = folder / "thirds.yaml"
    recipe.write_text(
        f"extends: {ROOT}/recipes/dlib.yaml\nname: thirds\nsegmenter: {{use: facial_thirds}}\nhead: {{use: softmax, C: 0.01}}\n"
    )
    return recipe
