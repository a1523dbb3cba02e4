"""Limits the time a plugin may take while dysfw starts, so that a plugin that hangs does not block every command."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

TIME_LIMIT = 10.0  # s; a module that registers components imports in milliseconds, even from a slow disk
RETRY_INTERVAL = 1.0  # s between further interruptions, for code that catches everything and retries


class PluginTimeoutError(BaseException):
    """A plugin took too long. Not an Exception, since a plugin that catches Exception must not catch this."""


@contextlib.contextmanager
def with_time_limit(seconds: float) -> Iterator[None]:
    """Interrupt the code inside if it takes too long, and again every second.

    It has no effect outside the main thread and on systems without an alarm signal. Code that catches everything forever cannot
    be stopped. An alarm that was set before still goes off at its time.

    Args:
        seconds: The limit, s.

    Yields:
        Nothing.

    Raises:
        PluginTimeoutError: The code took longer.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    previous_handler = signal.signal(signal.SIGALRM, _raise_timeout)
    previous_timer, start = signal.setitimer(signal.ITIMER_REAL, seconds, RETRY_INTERVAL), time.monotonic()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous_handler)
        if previous_timer[0]:
            remaining = max(previous_timer[0] - (time.monotonic() - start), 0.001)
            signal.setitimer(signal.ITIMER_REAL, remaining, previous_timer[1])
    if time.monotonic() - start > seconds:  # the code caught the error, and ended later
        raise PluginTimeoutError


def _raise_timeout(number: int, frame: FrameType | None) -> None:
    raise PluginTimeoutError
