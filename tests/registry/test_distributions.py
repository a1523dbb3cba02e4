"""What the core knows of plugins that may not be installed agrees with what they register."""

import importlib
import tomllib
from pathlib import Path

import pytest

from dysfw.registry.distributions import DISTRIBUTIONS, WEIGHTS

PLUGINS = Path(__file__).parents[2] / "plugins"


def registered_by(folder: Path) -> dict[tuple[str, str], str]:
    """(kind, name) -> distribution, read from a plugin's folder, installed or not; weights count as a kind."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    offered = {}
    for target in project["entry-points"]["dysfw"].values():
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(str(folder))
            module = importlib.import_module(target)
        for hook in ("dysfw_components", "dysfw_weights"):
            specs = getattr(module, hook)() if hasattr(module, hook) else []
            offered |= {(getattr(spec, "kind", "weights"), spec.name): project["name"] for spec in specs}
    return offered


def test_the_core_knows_which_first_party_plugin_brings_what():
    offered = {}
    for manifest in sorted(PLUGINS.glob("*/pyproject.toml")):
        offered |= registered_by(manifest.parent)
    assert offered == DISTRIBUTIONS | {("weights", name): distribution for name, distribution in WEIGHTS.items()}
