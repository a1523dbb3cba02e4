"""What all tests of this plugin need."""

import pytest

from dysfw.plugin import load_registry


@pytest.fixture(autouse=True, scope="module")
def installed_runtimes():
    """The runtimes of this environment, whatever plugins the tests before have loaded."""
    load_registry()
