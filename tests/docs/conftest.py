from collections import Counter
from pathlib import Path

import pytest
from written_pages import blocks, name_of, pages


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("shared")


def pytest_terminal_summary(terminalreporter):
    """How many blocks of the documentation were not run, and why."""
    counted = Counter((block.not_run, name_of(page)) for page in pages() for block in blocks(page.read_text()) if block.not_run)
    if counted:
        terminalreporter.section("blocks of the documentation that are not run")
    for (reason, page), number in sorted(counted.items()):
        terminalreporter.line(f"{number} {reason}: {page}")
