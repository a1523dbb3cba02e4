"""What plugins of this repository use is what anybody's may use, and it is written down."""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

from dysfw.plugin import PUBLIC

ROOT = Path(__file__).parents[1]
PLUGINS = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))
ALSO = {"dysfw", "dysfw.testing"}  # the version, and the kit under one name


def public_modules() -> set[str]:
    found = set(ALSO)
    for name in PUBLIC:
        module = importlib.import_module(name)
        found.add(name)
        found |= {f"{name}.{inner.name}" for inner in pkgutil.iter_modules(getattr(module, "__path__", []))}
    return found


def imports(source: str):
    """(module, name) of everything that is imported from dysfw."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "dysfw" and not node.level:
            yield from ((node.module, alias.name) for alias in node.names)
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names if alias.name.partition(".")[0] == "dysfw")


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_uses_public_modules_only(plugin):
    allowed = public_modules()
    for file in plugin.glob("dysfw_*/**/*.py"):
        for module, name in imports(file.read_text()):
            assert module in allowed or f"{module}.{name}" in allowed, f"{file.relative_to(ROOT)} imports {name} from {module}"
            assert not name.startswith("_")


def test_templates_of_new_plugins_use_public_modules_only():
    allowed = public_modules()
    for file in (ROOT / "dysfw" / "scaffold" / "templates").rglob("*.py.jinja"):
        for line in file.read_text().splitlines():
            if line.startswith("from dysfw"):
                assert line.split()[1] in allowed, f"{file.name}: {line}"


def test_what_the_kit_exports_is_in_public_modules():
    testing = importlib.import_module("dysfw.testing")
    for name in testing.__all__:
        assert getattr(testing, name).__module__ in PUBLIC
