"""The list of known distributions agrees with what the plugins register."""

import importlib
import tomllib
from pathlib import Path

import pytest

from dysfw.registry.distributions import DISTRIBUTIONS, WEIGHTS

PLUGINS = Path(__file__).parents[2] / "plugins"


def registered_by(folder: Path) -> dict[tuple[str, str], str]:
    """(kind, name) -> distribution, read from the folder of a plugin, which need not be installed; weights count as a kind."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    registered = {}
    for target in project["entry-points"]["dysfw"].values():
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(str(folder))
            module = importlib.import_module(target)
        for hook in ("dysfw_components", "dysfw_weights"):
            specs = getattr(module, hook)() if hasattr(module, hook) else []
            registered |= {(getattr(spec, "kind", "weights"), spec.name): project["name"] for spec in specs}
    return registered


def test_all_components_and_weights_of_first_party_plugins_are_listed():
    registered = {}
    for manifest in sorted(PLUGINS.glob("*/pyproject.toml")):
        registered |= registered_by(manifest.parent)
    assert registered == DISTRIBUTIONS | {("weights", name): distribution for name, distribution in WEIGHTS.items()}
