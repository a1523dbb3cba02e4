import pytest


@pytest.fixture
def site(dysfw_site):
    """A folder of installed plugins: real distributions, with metadata and entry points, that nothing else knows of."""
    return dysfw_site
