import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def hpo():
    """The installed release."""
    from dysfw_hpo.data import load_hpo

    return load_hpo()


@pytest.fixture
def tiny(tmp_path):
    """A release of a few terms and three diseases."""
    from tiny_release import tiny_data

    return tiny_data(tmp_path)
