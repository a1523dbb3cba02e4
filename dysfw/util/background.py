"""Does work in the background that would otherwise be done later: loading networks while an image is decoded."""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections.abc import Callable

_threads: list[threading.Thread] = []


def start(function: Callable[[], object], name: str) -> None:
    """Call a function in the background.

    Its errors are dropped: what needs its work does it again, and meets the error where it can be reported.

    Args:
        function: The function. What it does must be safe beside the rest of the program.
        name: Name of the thread.
    """

    def run() -> None:
        with contextlib.suppress(Exception):
            function()

    if not _threads:
        # A thread inside a library must not meet an interpreter that is being taken down: the process would crash.
        atexit.register(wait)
    _threads[:] = [thread for thread in _threads if thread.is_alive()]
    thread = threading.Thread(target=run, name=name, daemon=True)
    _threads.append(thread)
    thread.start()


def wait() -> None:
    """Wait until all work in the background is done."""
    for thread in _threads:
        thread.join()


def abandon() -> None:
    """Let the process end without waiting for work in the background."""
    atexit.unregister(wait)
