"""`dysfw new` writes plugins that install and pass their own tests as they are, for every kind."""

import re

import pytest
import yaml

from dysfw.contracts.kinds import KINDS


@pytest.fixture(scope="module")
def workshop(layer, tmp_path_factory):
    """An environment with a new plugin of every kind, installed as its README says, and the folder they are in."""
    own, folder = layer(), tmp_path_factory.mktemp("workshop")
    for kind in KINDS:
        own.run("dysfw", "new", f"dysfw-own-{kind}", "--kind", kind, cwd=folder)
    folders = [word for kind in KINDS for word in ("-e", f"./dysfw-own-{kind}[test]")]
    own.run("pip", "install", "--quiet", *folders, cwd=folder)
    return own, folder


@pytest.mark.parametrize("kind", KINDS)
def test_it_passes_its_own_tests(workshop, kind):
    own, folder = workshop
    ran = own.run("python", "-m", "pytest", "-p", "no:cacheprovider", cwd=folder / f"dysfw-own-{kind}")
    passed = int(re.search(r"(\d+) passed", ran.stdout)[1])
    assert passed > 20
    skipped = re.search(r"(\d+) skipped", ran.stdout)
    assert int(skipped[1] if skipped else 0) <= 1, ran.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_it_passes_dysfw_check(workshop, kind):
    own, _ = workshop
    ran = own.run("dysfw", "check", f"dysfw-own-{kind}", "--only", "plugin")
    assert "plugin dysfw-own-" in ran.stdout
    assert "9 passed of 9 checks" in ran.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_its_recipe_names_it(workshop, kind):
    own, folder = workshop
    recipe = folder / f"dysfw-own-{kind}" / "recipe.yaml"
    assert recipe.read_text().startswith("# yaml-language-server: $schema=recipe.schema.json\n")
    assert yaml.safe_load(recipe.read_text())[kind] == {"use": f"own_{kind}"}
    own.run("dysfw", "recipe", "check", recipe, "--build")


def test_a_new_segmenter_is_trained_and_run(workshop, phantoms, tmp_path):
    own, folder = workshop
    recipe = folder / "dysfw-own-segmenter" / "recipe.yaml"
    own.run("dysfw", "train", recipe, phantoms, "-o", tmp_path / "bundle")
    ran = own.run("dysfw", "run", tmp_path / "bundle", phantoms / "phantom-unaffected" / "000.jpg")
    assert re.search(r"condition +all +eyes +nose +mouth", ran.stdout)


def test_names_that_will_not_do(workshop, tmp_path):
    own, _ = workshop
    cases = {
        "My Plugin": "'My Plugin' is no name for a package",
        "9lives": "is no name for a package",
        "a--b": "is no name for a package",
        "dysfw": "a name of Python's or of dysfw's own",
        "class": "a name of Python's or of dysfw's own",
        "dysfw-class": "a name of Python's or of dysfw's own",
        "dysfw-none": "a name of Python's or of dysfw's own",
        "dysfw-3d": "a name of Python's or of dysfw's own",
        "dysfw-plugin": "a name of Python's or of dysfw's own",
        "dysfw-conformance": "a name of Python's or of dysfw's own",
        "pyyaml": "a package pyyaml is installed here already",
        "x" * 100: "at most 60 characters",
        "json": "a name of Python's or of dysfw's own",
        "dysfw-own-head": "a package dysfw_own_head is installed here already",
        "dysfw-mean": "has a fusion 'mean' already",
    }
    for name, message in cases.items():
        ran = own.run("dysfw", "new", name, "--kind", "fusion", cwd=tmp_path, code=2)
        assert message in ran.stderr
        assert "Traceback" not in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_other_mistakes(workshop, tmp_path):
    own, _ = workshop
    ran = own.run("dysfw", "new", "dysfw-x", "--kind", "segmentor", cwd=tmp_path, code=2)
    assert "no kind is called 'segmentor'; did you mean 'segmenter'?" in ran.stderr
    (tmp_path / "dysfw-x").mkdir()
    (tmp_path / "dysfw-x" / "mine.txt").write_text("precious")
    ran = own.run("dysfw", "new", "dysfw-x", "--kind", "head", cwd=tmp_path, code=2)
    assert "dysfw-x exists already" in ran.stderr
    ran = own.run("dysfw", "new", "dysfw-x", "--kind", "head", "-o", "no/where", cwd=tmp_path, code=2)
    assert "no is not a folder" in ran.stderr
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["mine.txt"]


def test_a_class_does_not_hide_what_its_module_imports(workshop, tmp_path):
    own, _ = workshop
    own.run("dysfw", "new", "dysfw-region", "--kind", "segmenter", "-o", ".", cwd=tmp_path)
    assert "class RegionSegmenter(Segmenter)" in (tmp_path / "dysfw_region" / "region.py").read_text()
