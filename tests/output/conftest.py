import importlib
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def examples():
    """The module examples.py: evaluations and comparisons with plausible numbers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parent)
        yield importlib.import_module("examples")


@pytest.fixture(scope="session")
def nasty(examples):
    """60 conditions, labels with HTML, very long or right-to-left, missing intervals, NaN values."""
    return examples.evaluation(60, verdict="fail", nasty=True)


@pytest.fixture(scope="session")
def plain(examples):
    return examples.evaluation(15)
