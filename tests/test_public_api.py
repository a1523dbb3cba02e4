"""``dysfw.plugin`` is the whole interface for plugins, and the plugins of this repository use nothing else."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dysfw.plugin
from dysfw.plugin import EXPORTS

ROOT = Path(__file__).parents[1]
PLUGINS = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))
TEMPLATES = sorted((ROOT / "dysfw" / "scaffold" / "templates").rglob("*.py.jinja"))
HOOK_NAMES = ["hookimpl", "ComponentSpec", "CommandSpec", "BundleSpec", "WeightsSpec", "RunnerSpec"]


def is_public(module: str) -> bool:
    return module in ("dysfw", "dysfw.plugin", "dysfw.testing") or module.startswith("dysfw.testing.")


def imports_of_dysfw(source: str):
    """(module, name) of everything that is imported from dysfw."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "dysfw" and not node.level:
            yield from ((node.module, alias.name) for alias in node.names)
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names if alias.name.partition(".")[0] == "dysfw")


def type_checking_imports() -> dict[str, str]:
    """Module by name, as the block for type checkers imports them."""
    tree = ast.parse(Path(dysfw.plugin.__file__).read_text("utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    return {alias.asname: node.module for node in block.body for alias in node.names}


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_first_party_plugins_import_only_the_public_interface(plugin):
    for file in plugin.glob("dysfw_*/**/*.py"):
        for module, name in imports_of_dysfw(file.read_text()):
            assert is_public(module), f"{file.relative_to(ROOT)} imports {name} from {module}"
            assert not name.startswith("_")
            assert module != "dysfw.plugin" or name in dysfw.plugin.__all__, f"{file.relative_to(ROOT)}: no {name}"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: "/".join(path.parts[-2:]))
def test_templates_of_new_plugins_import_only_the_public_interface(template):
    text = template.read_text()
    assert not re.search(r"^\s*import dysfw\b", text, re.MULTILINE)
    for module, names in re.findall(r"^\s*from (dysfw\b\S*) import (\([^)]*\)|.*)", text, re.MULTILINE):
        assert is_public(module)
        assert module != "dysfw.plugin" or set(re.findall(r"\w+", names)) <= set(dysfw.plugin.__all__)


def test_lazy_exports_agree_with_the_imports_for_type_checkers():
    assert {name: module for module, names in EXPORTS.items() for name in names} == type_checking_imports()


def test_no_name_is_exported_twice():
    names = [name for exported in EXPORTS.values() for name in exported]
    assert len(names) == len(set(names))
    assert set(names) == set(dysfw.plugin.__all__) == set(dir(dysfw.plugin))


@pytest.mark.parametrize("module", EXPORTS)
def test_every_exported_name_exists(module):
    home = importlib.import_module(f"dysfw.{module}")
    for name in EXPORTS[module]:
        assert getattr(dysfw.plugin, name) is getattr(home, name)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = dysfw.plugin.nothing


@pytest.mark.parametrize("statement", ["import dysfw.plugin", f"from dysfw.plugin import {', '.join(HOOK_NAMES)}"])
def test_importing_the_hooks_imports_neither_numpy_nor_torch(statement):
    code = f"{statement}; import sys; sys.exit(', '.join({{'numpy', 'torch'}} & set(sys.modules)) or None)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_testing_kit_exports_names_that_exist():
    testing = importlib.import_module("dysfw.testing")
    for name in testing.__all__:
        assert getattr(testing, name).__module__.startswith("dysfw.testing.")
