import sys
from collections.abc import Collection
from importlib import metadata
from pathlib import Path

import pytest

from dysfw.registry.host import load_plugins
from dysfw.registry.registry import Registry

IMPORTS = "from dysfw.registry.hookspecs import BundleSpec, CommandSpec, ComponentSpec, WeightsSpec, hookimpl\n"


class Site:
    """A folder of installed plugins: real distributions, with metadata and entry points, that nothing else knows of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.points: list[metadata.EntryPoint] = []

    def install(self, name: str, plugin: str, requires: str = "", **modules: str) -> None:
        """The distribution "dysfw-NAME 1.0" with the entry point NAME, a plugin module NAME_plugin and others by name."""
        for module, source in {f"{name}_plugin": IMPORTS + plugin, **modules}.items():
            (self.folder / f"{module}.py").write_text(source)
        info = self.folder / f"dysfw_{name}-1.0.dist-info"
        info.mkdir()
        needs = f"Requires-Dist: {requires}\n" if requires else ""
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: dysfw-{name}\nVersion: 1.0\n{needs}")
        (info / "entry_points.txt").write_text(f"[dysfw]\n{name} = {name}_plugin\n")
        self.points += metadata.Distribution.at(info).entry_points

    def offer(self, name: str, *specs: str, **modules: str) -> None:
        """Install a plugin that registers components, each given as the source of a ComponentSpec's arguments."""
        listed = ", ".join(f"ComponentSpec({spec})" for spec in specs)
        self.install(name, f"@hookimpl\ndef dysfw_components():\n    return [{listed}]\n", **modules)

    def registry(self, only: Collection[str] | None = None) -> Registry:
        return Registry(load_plugins(only, self.points))


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    yield Site(tmp_path)
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]
