"""What the documentation says is so."""

import re
from pathlib import Path

import pytest
import yaml

from dysfw.cli.main import COMMANDS
from dysfw.recipe.check import check
from dysfw.recipe.document import parse_document
from dysfw.registry.registry import load_registry
from dysfw.views.reference import component_reference

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "plugins").glob("*/README.md"))]
SOURCES = "\n".join(path.read_text() for path in (ROOT / "dysfw").rglob("*.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_and_pictures_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(block, id=f"{page.name}-{number}")
        for page in PAGES
        for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL))
    ],
)
def test_every_recipe_shown_is_valid(block):
    assert isinstance(yaml.safe_load(block), dict)
    if "version:" in block:
        check(parse_document(block, "shown"), load_registry())


@pytest.mark.parametrize("code", sorted(set(re.findall(r'(?:Notice|ImageError)\(\s*"([a-z_]+)"', SOURCES))))
def test_every_code_is_documented(code):
    assert f"`{code}`" in (ROOT / "docs" / "output.md").read_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command):
    assert f"`dysfw {command}" in (ROOT / "README.md").read_text()


def test_every_builtin_fusion_is_documented():
    page = (ROOT / "docs" / "recipes.md").read_text()
    for entry in load_registry().components["fusion"]:
        if entry.plugin.distribution == "dysfw":
            assert f"| `{entry.spec.name}` |" in page


def test_the_reference_of_components_is_what_the_code_says():
    page = (ROOT / "docs" / "components.md").read_text()
    shipped = [name.parent.name for name in (ROOT / "plugins").glob("*/pyproject.toml") if name.parent.name != "dysfw-example"]
    registry = load_registry(["builtin", *shipped])
    assert page == component_reference(registry), "run: dysfw components --markdown > docs/components.md"


@pytest.mark.parametrize("kind", ["head", "segmenter"])
def test_every_builtin_head_and_segmenter_is_in_the_recipes_page(kind):
    page = (ROOT / "docs" / "recipes.md").read_text()
    for entry in load_registry().components[kind]:
        if entry.plugin.distribution == "dysfw":
            assert f"| `{entry.spec.name}` |" in page
