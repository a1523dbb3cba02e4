"""What the core knows of plugins that may be missing agrees with what they register where they are installed."""

import pytest

from dysfw.registry.known import DISTRIBUTIONS
from dysfw.registry.registry import load_registry


@pytest.fixture(scope="module")
def registry():
    return load_registry()


@pytest.mark.parametrize(("kind", "name"), DISTRIBUTIONS)
def test_a_known_component_is_registered_by_the_distribution_that_is_said_to_bring_it(registry, kind, name):
    distribution = DISTRIBUTIONS[kind, name]
    if distribution not in {plugin.distribution for plugin in registry.plugins}:
        pytest.skip(f"{distribution} is not installed")
    assert registry.component(kind, f"{distribution}:{name}").plugin.error is None


def test_every_component_of_the_first_party_plugins_is_known(registry):
    offered = {
        (kind, entry.spec.name): entry.plugin.distribution
        for kind, entries in registry.components.items()
        for entry in entries
        if entry.plugin.distribution in DISTRIBUTIONS.values() or (kind, entry.spec.name) in DISTRIBUTIONS
    }
    assert offered.items() <= DISTRIBUTIONS.items()
