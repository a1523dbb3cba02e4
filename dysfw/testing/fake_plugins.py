"""Plugins that exist only for a test: distributions with metadata and entry points, as pip would have installed them."""

from __future__ import annotations

import sys
from collections.abc import Collection
from importlib import metadata
from pathlib import Path

from ..registry.hookspecs import GROUP
from ..registry.host import BUILTIN, load_plugins
from ..registry.registry import Registry

IMPORTS = "from dysfw.registry.hookspecs import BundleSpec, CommandSpec, ComponentSpec, WeightsSpec, hookimpl\n"


class FakePlugins:
    """A folder on ``sys.path``. points: the entry points in it, for ``load_plugins``; programs started with the folder in
    PYTHONPATH find them by themselves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.points: list[metadata.EntryPoint] = []

    def install(self, name: str, plugin: str, requires: str = "", **modules: str) -> None:
        """The distribution "dysfw-NAME 1.0" with the entry point NAME. plugin: source of its module NAME_plugin, which has the
        hooks' records imported. requires: a requirement ("dysfw>=0.1,<0.2"). modules: further sources, by name."""
        for module, source in {f"{name}_plugin": IMPORTS + plugin, **modules}.items():
            (self.folder / f"{module}.py").write_text(source, "utf-8")
        info = self.folder / f"dysfw_{name}-1.0.dist-info"
        info.mkdir()
        needs = f"Requires-Dist: {requires}\n" if requires else ""
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: dysfw-{name}\nVersion: 1.0\n{needs}", "utf-8")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {name}_plugin\n", "utf-8")
        self.points += metadata.Distribution.at(info).entry_points

    def offer(self, name: str, *specs: str, requires: str = "", **modules: str) -> None:
        """Install a plugin that registers components, each given as the source of a ComponentSpec's arguments:
        site.offer("mine", "'fusion', 'first', 'mine:First', 'the first region alone'", mine=SOURCE)"""
        listed = ", ".join(f"ComponentSpec({spec})" for spec in specs)
        self.install(name, f"@hookimpl\ndef dysfw_components():\n    return [{listed}]\n", requires, **modules)

    def registry(self, only: Collection[str] | None = None) -> Registry:
        """Of the plugins in this folder alone, without the core's own components."""
        return Registry(load_plugins(only, self.points))

    def forget(self) -> None:
        """Unload the modules that were imported from here."""
        for name, module in list(sys.modules.items()):
            if (getattr(module, "__file__", None) or "").startswith(str(self.folder)):
                del sys.modules[name]


def isolated_registry(*entry_points: str) -> Registry:
    """A registry of the core's own components and of entry points written "name=package.module", whatever else is installed."""
    own = [point for point in metadata.entry_points(group=GROUP) if point.name == BUILTIN]
    named = [entry.partition("=") for entry in entry_points]
    points = [metadata.EntryPoint(name.strip(), target.strip(), GROUP) for name, _, target in named]
    return Registry(load_plugins(entry_points=[*own, *points]))
