"""All generated pages of the reference, by their path in docs/reference."""

from __future__ import annotations

import os
from pathlib import Path

from commands import command_page
from hooks import hooks_page
from modules import python_pages
from recipe_keys import recipe_keys_page
from weight_files import weights_page

from dysfw.output.component_reference import component_reference
from dysfw.registry.registry import Registry, load_registry

NOT_INSTALLED = "dysfw-example"  # an example of a third-party plugin


def reference(root: Path) -> dict[str, str]:
    """The text of each page, by its path."""
    os.environ["COLUMNS"] = "100"  # defaults that depend on the terminal, or on the number of processors, would differ
    registry = shipped(root)
    return {
        "components.md": component_reference(registry),
        "command-line.md": command_page(registry),
        "recipe-keys.md": recipe_keys_page(),
        "hooks.md": hooks_page(),
        "weights.md": weights_page(registry),
        **python_pages(),
    }


def shipped(root: Path) -> Registry:
    """What this repository's plugins register, whatever else is installed."""
    names = [file.parent.name for file in (root / "plugins").glob("*/pyproject.toml")]
    return load_registry(["builtin", *(name for name in names if name != NOT_INSTALLED)])
