"""Plugins for tests: distributions with metadata and entry points, as pip would install them."""

from __future__ import annotations

import sys
from collections.abc import Collection
from importlib import metadata
from pathlib import Path

from ..registry.hookspecs import GROUP
from ..registry.host import BUILTIN, load_plugins
from ..registry.registry import Registry

IMPORTS = "from dysfw.plugin import BundleSpec, CommandSpec, ComponentSpec, WeightsSpec, hookimpl\n"


class FakePlugins:
    """A folder of distributions on ``sys.path``.

    Args:
        folder: An existing folder. Programs that have it in PYTHONPATH find the plugins too.

    Attributes:
        points: Entry points of the installed plugins, for ``load_plugins``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.points: list[metadata.EntryPoint] = []

    def install(self, name: str, plugin: str, requires: str = "", **modules: str) -> None:
        """Install the distribution "dysfw-NAME 1.0" with the entry point NAME.

        Args:
            name: NAME.
            plugin: Source of the module NAME_plugin; hookimpl and the hooks' records are imported in it.
            requires: A requirement, such as "dysfw>=0.1,<0.2".
            **modules: Sources of further modules, by name.
        """
        for module, source in {f"{name}_plugin": IMPORTS + plugin, **modules}.items():
            (self.folder / f"{module}.py").write_text(source, "utf-8")
        info = self.folder / f"dysfw_{name}-1.0.dist-info"
        info.mkdir()
        requirement = f"Requires-Dist: {requires}\n" if requires else ""
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: dysfw-{name}\nVersion: 1.0\n{requirement}", "utf-8")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {name}_plugin\n", "utf-8")
        self.points += metadata.Distribution.at(info).entry_points

    def offer(self, name: str, *specs: str, requires: str = "", **modules: str) -> None:
        """Install a plugin that registers components.

        Args:
            name: Name of the entry point.
            *specs: Source of each ComponentSpec's arguments, such as "'fusion', 'first', 'mine:First', 'first region only'".
            requires: A requirement, such as "dysfw>=0.1,<0.2".
            **modules: Sources of further modules, by name.
        """
        listed = ", ".join(f"ComponentSpec({spec})" for spec in specs)
        self.install(name, f"@hookimpl\ndef dysfw_components():\n    return [{listed}]\n", requires, **modules)

    def registry(self, only: Collection[str] | None = None) -> Registry:
        """A registry of the plugins in this folder, without the built-in components.

        Args:
            only: Entry points to load; all by default.
        """
        return Registry(load_plugins(only, self.points))

    def forget(self) -> None:
        """Unload the modules that were imported from this folder."""
        for name, module in list(sys.modules.items()):
            if (getattr(module, "__file__", None) or "").startswith(str(self.folder)):
                del sys.modules[name]


def isolated_registry(*entry_points: str) -> Registry:
    """Make a registry of the built-in components and some entry points, whatever else is installed.

    Args:
        *entry_points: Entry points as "name=package.module".
    """
    builtin = [point for point in metadata.entry_points(group=GROUP) if point.name == BUILTIN]
    parts = [entry.partition("=") for entry in entry_points]
    points = [metadata.EntryPoint(name.strip(), target.strip(), GROUP) for name, _, target in parts]
    return Registry(load_plugins(entry_points=[*builtin, *points]))
