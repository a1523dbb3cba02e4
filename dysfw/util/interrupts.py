"""Signals that stop the program, held back while it must not be interrupted."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # those that the system has


@contextmanager
def interrupts_deferred() -> Iterator[None]:
    """Start processes whole: a signal that arrives meanwhile is handled afterwards.

    A process that is being started reads from its parent what it is to do. If the parent is interrupted before it has
    written that, the process fails with a traceback on the user's screen. Processes that start here also inherit that Ctrl-C
    is blocked, because their parent ends them. Outside the main thread, where no signal is handled, only that is done.
    """
    received: list[tuple[int, FrameType | None]] = []
    previous = {}
    if threading.current_thread() is threading.main_thread():
        numbers = [getattr(signal, name) for name in STOP_SIGNALS if hasattr(signal, name)]
        handlers = {number: signal.getsignal(number) for number in numbers}
        previous = {
            number: handler for number, handler in handlers.items() if callable(handler)
        }  # not ignored, not the default
        for number in previous:
            signal.signal(number, lambda number, frame: received.append((number, frame)))
    mask = getattr(signal, "pthread_sigmask", None)  # Windows has none
    before = mask(signal.SIG_BLOCK, {signal.SIGINT}) if mask else None
    try:
        yield
    finally:
        if mask:
            mask(signal.SIG_SETMASK, before)
        for number, handler in previous.items():
            signal.signal(number, handler)
        for number, frame in received[:1]:
            previous[number](number, frame)
