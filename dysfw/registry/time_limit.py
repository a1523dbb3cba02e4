"""A limit to the time that a plugin may take while dysfw starts, so that one that hangs does not take every command with it."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

TIME_LIMIT = 10.0  # s. A module that registers components imports in milliseconds, also from a slow disk.
AGAIN = 1.0  # s between further attempts, for code that catches everything and tries again


class PluginTimeoutError(BaseException):
    """Not an Exception: a plugin that catches those must not catch this."""


@contextlib.contextmanager
def with_time_limit(seconds: float) -> Iterator[None]:
    """Raise OutOfPatienceError inside, wherever it is, after so many seconds, and again every second. Without effect in other
    threads than the main one, and where the system has no alarm signal; code that catches everything, for ever, cannot be
    stopped. An alarm that somebody else has set goes off when it would have."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _ring)
    others, began = signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN), time.monotonic()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if others[0]:
            signal.setitimer(signal.ITIMER_REAL, max(others[0] - (time.monotonic() - began), 0.001), others[1])
    if time.monotonic() - began > seconds:  # it has caught what was raised, and came to an end after all
        raise PluginTimeoutError


def _ring(number: int, frame: FrameType | None) -> None:
    raise PluginTimeoutError
