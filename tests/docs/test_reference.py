"""The reference is what the code says, and nothing that is registered is missing from it."""

import re
import subprocess
import sys

import pytest
import yaml
from written_pages import GENERATED, ROOT, name_of, pages

from dysfw import __version__
from dysfw.cli.main import COMMANDS
from dysfw.contracts.kinds import KINDS
from dysfw.plugin import EXPORTS
from dysfw.recipe.check import TopKeys
from dysfw.registry import hookspecs
from dysfw.registry.registry import load_registry

REFERENCE = ROOT / "docs" / "reference"
SOURCES = "\n".join(path.read_text() for path in (ROOT / "dysfw").rglob("*.py"))
CODES = sorted(set(re.findall(r'(?:Notice|ImageError|Failure)\(\s*(?:\w+, )?"([a-z_]+)"', SOURCES)))


@pytest.fixture(scope="module")
def registry():
    shipped = [name.parent.name for name in (ROOT / "plugins").glob("*/pyproject.toml") if name.parent.name != "dysfw-example"]
    return load_registry(["builtin", *shipped])


def page(name: str) -> str:
    return (REFERENCE / name).read_text()


def test_the_reference_is_what_the_generator_prints(tmp_path):
    subprocess.run([sys.executable, ROOT / "tools" / "docs", "reference", "-o", tmp_path], check=True, cwd=ROOT)
    assert sorted(file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*.md")) == sorted(GENERATED)
    for name in GENERATED:
        assert page(name) == (tmp_path / name).read_text(), f"{name}: run python tools/docs reference"


@pytest.mark.parametrize("kind", KINDS)
def test_every_component_is_documented(kind, registry):
    for entry in registry.components[kind]:
        assert f"\n### {entry.spec.name}\n" in page("components.md")


@pytest.mark.parametrize("kind", ["segmenter", "head", "fusion", "evidence"])
def test_every_builtin_component_is_in_the_page_of_recipes(kind):
    for entry in load_registry().components[kind]:
        if entry.plugin.distribution == "dysfw":
            assert f"| `{entry.spec.name}` |" in page("recipes.md")


def test_every_command_and_option_is_documented(registry):
    text = page("command-line.md")
    for name in [*COMMANDS, *(entry.spec.name for entry in registry.commands)]:
        assert f"\n## dysfw {name}\n" in text
        assert f"`dysfw {name}" in (ROOT / "README.md").read_text()
    sources = [*(ROOT / "dysfw" / "cli").rglob("*.py"), ROOT / "plugins" / "dysfw-phantom" / "dysfw_phantom" / "cli.py"]
    for option in {name for file in sources for name in re.findall(r'Option\([^)]*?"(--[a-z-]+)', file.read_text())}:
        assert f"`{option}`" in text, option


def test_every_recipe_key_is_documented_with_its_meaning():
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.*?) \|$", page("recipe-keys.md"), re.MULTILINE)
    assert {*TopKeys.model_fields, *KINDS, "extends"} <= {name for name, _ in rows}
    assert not [name for name, meaning in rows if not meaning.strip()]


def test_every_hook_and_field_is_documented_with_its_meaning():
    text = page("hooks.md")
    for name in dir(hookspecs):
        if name.startswith("dysfw_") or name.endswith("Spec"):
            assert f"\n## {name}\n" in text
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.*?) \|$", text, re.MULTILINE)
    assert not [name for name, meaning in rows if not meaning.strip()]


def test_every_weight_file_and_bundle_is_documented(registry):
    for entry in registry.weights:
        assert f"\n### {entry.spec.name}\n" in page("weights.md")
        assert f"`{entry.spec.name}`" in (ROOT / "docs" / "how-to" / "weights.md").read_text()
    for entry in registry.bundles:
        assert f"| `{entry.spec.name}` |" in page("weights.md")


@pytest.mark.parametrize(("home", "names"), EXPORTS.items())
def test_every_name_for_plugins_is_documented(home, names):
    text = page("python/plugin.md")
    for name in names:
        assert f"\n### {name}\n" in text or f"`{name}`" in text, f"{name} of {home}"


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_documented(code):
    assert f"`{code}`" in page("output.md")


@pytest.mark.parametrize("page", [*pages(), *(REFERENCE / name for name in GENERATED)], ids=name_of)
def test_links_and_pictures_lead_somewhere_on_a_forge_too(page):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_the_citation_and_the_list_of_changes_know_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["version"] == __version__
    assert re.search(rf"^## {re.escape(__version__)}\b", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
