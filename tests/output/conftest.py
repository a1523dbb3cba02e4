import importlib

import pytest


@pytest.fixture(scope="session")
def examples():
    """The module examples.py: evaluations and comparisons with plausible numbers."""
    return importlib.import_module("examples")


@pytest.fixture(scope="session")
def nasty(examples):
    """60 conditions, labels with HTML, very long or right-to-left, missing intervals, NaN values."""
    return examples.evaluation(60, verdict="fail", nasty=True)


@pytest.fixture(scope="session")
def plain(examples):
    return examples.evaluation(15)
