"""A limit to the time that a plugin may take while dysfw starts, so that one that hangs does not take every command with it."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

PATIENCE = 10.0  # s. A module that registers components imports in milliseconds, also from a slow disk.


class OutOfPatienceError(BaseException):
    """Not an Exception: a plugin that catches those must not catch this."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise OutOfPatienceError inside, wherever it is, after so many seconds. Without effect in other threads than the main
    one, and where the system has no alarm signal. An alarm that somebody else has set goes off when it would have."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _ring)
    others, began = signal.setitimer(signal.ITIMER_REAL, seconds)[0], time.monotonic()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if others:
            signal.setitimer(signal.ITIMER_REAL, max(others - (time.monotonic() - began), 0.001))


def _ring(number: int, frame: FrameType | None) -> None:
    raise OutOfPatienceError
