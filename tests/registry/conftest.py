import pytest


@pytest.fixture
def fake_plugins(dysfw_fake_plugins):
    """A folder of installed plugins: real distributions, with metadata and entry points, visible to the test only."""
    return dysfw_fake_plugins
