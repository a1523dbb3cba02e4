"""Built as wheels and installed from those, everything works as it does from the repository, in any folder."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheels(own_wheels):
    return sorted(own_wheels.values())


@pytest.fixture(scope="module")
def installed(layer, wheels):
    """An environment that sees nothing of the repository."""
    own = layer(editables=False)
    own.run("pip", "install", "--quiet", "--no-deps", *wheels)
    return own


def test_the_repository_is_not_used(installed, tmp_path):
    where = installed.run(
        "python", "-c", "import dysfw, dysfw_phantom; print(dysfw.__file__, dysfw_phantom.__file__)", cwd=tmp_path
    )
    assert str(ROOT) not in where.stdout
    assert str(installed.folder) in where.stdout


def test_predictions_equal_those_from_the_repository(installed, shell, tmp_path):
    shutil.copy(ROOT / "recipes" / "paper.yaml", tmp_path)
    shutil.copy(ROOT / "docs" / "images" / "phantom.jpg", tmp_path)
    there = json.loads(
        installed.run("dysfw", "run", "paper.yaml", "phantom.jpg", "--json", cwd=tmp_path, DYSFW_OFFLINE="1").stdout
    )
    here = json.loads(shell("run", "recipes/paper.yaml", "docs/images/phantom.jpg", "--json").stdout)
    for key in ("face", "regions", "probabilities", "ranking", "recipe", "bundle"):
        assert there[key] == here[key]


def test_what_comes_with_the_packages_came(installed, tmp_path):
    installed.run("dysfw", "new", "dysfw-trial", "--kind", "fusion", cwd=tmp_path)
    ran = installed.run(
        "python", "-c", "from dysfw.testing import check_component, phantom_images as p; print(len(p()))", cwd=tmp_path
    )
    assert ran.stdout == "4\n"
    installed.run("dysfw", "weights", "verify", "phantom", cwd=tmp_path)
    installed.run("dysfw", "recipe", "schema", cwd=tmp_path)


def test_wheels_hold_no_tests_and_no_rubbish(wheels):
    for wheel in wheels:
        names = zipfile.ZipFile(wheel).namelist()
        assert not [name for name in names if name.startswith("tests/") or "__pycache__" in name or name.endswith(".pyc")]
        assert any(name.endswith("/METADATA") for name in names)
