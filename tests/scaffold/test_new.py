"""`dysfw new` creates plugins that install and pass their own tests unchanged."""

import re

import pytest
import yaml

from dysfw.contracts.kinds import KINDS
from dysfw.scaffold.write import TEMPLATES

pytestmark = pytest.mark.slow

# (kind, name of the distribution, options of `dysfw new`)
PLUGINS = [(kind, f"dysfw-own-{kind}", []) for kind in KINDS] + [("backbone", "dysfw-own-torch", ["--template", "torch"])]
each_plugin = pytest.mark.parametrize(("kind", "name"), [plugin[:2] for plugin in PLUGINS], ids=lambda value: value)


@pytest.fixture(scope="module")
def workshop(layer, tmp_path_factory):
    """An environment with a plugin from every template, installed as its README says, and their folder."""
    environment, folder = layer(), tmp_path_factory.mktemp("workshop")
    for kind, name, options in PLUGINS:
        environment.run("dysfw", "new", name, "--kind", kind, *options, cwd=folder)
    folders = [word for _, name, _ in PLUGINS for word in ("-e", f"./{name}[test]")]
    environment.run("pip", "install", "--quiet", *folders, cwd=folder)
    return environment, folder


def test_every_template_is_tested():
    assert len(PLUGINS) == sum(len(templates) for templates in TEMPLATES.values())


@each_plugin
def test_it_passes_its_own_tests(workshop, kind, name):
    environment, folder = workshop
    ran = environment.run("python", "-m", "pytest", "-p", "no:cacheprovider", cwd=folder / name)
    passed = int(re.search(r"(\d+) passed", ran.stdout)[1])
    assert passed > 20
    skipped = re.search(r"(\d+) skipped", ran.stdout)
    assert int(skipped[1] if skipped else 0) <= 1, ran.stdout


@each_plugin
def test_it_passes_dysfw_check(workshop, kind, name):
    environment, _ = workshop
    ran = environment.run("dysfw", "check", name, "--only", "plugin")
    assert "plugin dysfw-own-" in ran.stdout
    assert "9 passed of 9 checks" in ran.stdout


@pytest.fixture(scope="module")
def checked(workshop):
    """What `dysfw recipe check` prints, which also builds the components of all recipes."""
    environment, folder = workshop
    recipes = [folder / name / "recipe.yaml" for _, name, _ in PLUGINS]
    return environment.run("dysfw", "recipe", "check", *recipes, "--build").stdout.splitlines()


@each_plugin
def test_its_recipe_uses_it(workshop, checked, kind, name):
    _, folder = workshop
    recipe = folder / name / "recipe.yaml"
    assert recipe.read_text().startswith("# yaml-language-server: $schema=recipe.schema.json\n")
    used = {"use": name.removeprefix("dysfw-").replace("-", "_")}
    assert yaml.safe_load(recipe.read_text())[kind] == ([used] if kind == "evidence" else used)
    assert any(line.startswith(f"{recipe}: ok (") for line in checked), checked


def test_a_new_segmenter_can_be_trained_and_run(workshop, phantoms, tmp_path):
    environment, folder = workshop
    recipe = folder / "dysfw-own-segmenter" / "recipe.yaml"
    environment.run("dysfw", "train", recipe, phantoms, "-o", tmp_path / "bundle")
    ran = environment.run("dysfw", "run", tmp_path / "bundle", phantoms / "phantom-unaffected" / "000.jpg")
    assert re.search(r"condition +fused +eyes +nose +mouth", ran.stdout)


def test_invalid_names_are_rejected(workshop, tmp_path):
    environment, _ = workshop
    cases = {
        "My Plugin": "'My Plugin' is not a valid package name",
        "9lives": "is not a valid package name",
        "a--b": "is not a valid package name",
        "dysfw": "is reserved by Python or dysfw",
        "class": "is reserved by Python or dysfw",
        "dysfw-class": "is reserved by Python or dysfw",
        "dysfw-none": "is reserved by Python or dysfw",
        "dysfw-3d": "is reserved by Python or dysfw",
        "dysfw-plugin": "is reserved by Python or dysfw",
        "dysfw-conformance": "is reserved by Python or dysfw",
        "pyyaml": "the package pyyaml is already installed",
        "x" * 100: "at most 60 characters",
        "json": "is reserved by Python or dysfw",
        "dysfw-own-head": "the package dysfw_own_head is already installed",
        "dysfw-mean": "already has a fusion 'mean'",
    }
    for name, message in cases.items():
        ran = environment.run("dysfw", "new", name, "--kind", "fusion", cwd=tmp_path, code=2)
        assert message in ran.stderr
        assert "Traceback" not in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_other_errors(workshop, tmp_path):
    environment, _ = workshop
    ran = environment.run("dysfw", "new", "dysfw-x", "--kind", "segmentor", cwd=tmp_path, code=2)
    assert "unknown kind 'segmentor'; did you mean 'segmenter'?" in ran.stderr
    ran = environment.run("dysfw", "new", "dysfw-x", "--kind", "head", "--template", "torch", cwd=tmp_path, code=2)
    assert "there is no template 'torch' of a head" in ran.stderr
    (tmp_path / "dysfw-x").mkdir()
    (tmp_path / "dysfw-x" / "mine.txt").write_text("precious")
    ran = environment.run("dysfw", "new", "dysfw-x", "--kind", "head", cwd=tmp_path, code=2)
    assert "dysfw-x already exists" in ran.stderr
    ran = environment.run("dysfw", "new", "dysfw-x", "--kind", "head", "-o", "no/where", cwd=tmp_path, code=2)
    assert "no is not a folder" in ran.stderr
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["mine.txt"]


def test_a_class_does_not_hide_what_its_module_imports(workshop, tmp_path):
    environment, _ = workshop
    environment.run("dysfw", "new", "dysfw-region", "--kind", "segmenter", "-o", ".", cwd=tmp_path)
    assert "class RegionSegmenter(Segmenter)" in (tmp_path / "dysfw_region" / "region.py").read_text()
