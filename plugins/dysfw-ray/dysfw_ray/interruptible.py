"""Lets Ctrl-C end work on a cluster at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from queue import Empty, Full, Queue
from typing import TypeVar

T = TypeVar("T")
POLL = 0.2  # s between checks whether the caller has stopped
PATIENCE = 5.0  # s for the work to end when the caller has stopped


def interruptible(items: Iterator[T | None]) -> Iterator[T]:
    """Iterate in another thread, so that signals reach this one.

    Ray waits in C++, where an exception of a signal handler is lost, unless it is KeyboardInterrupt.

    Args:
        items: What to iterate. If the caller stops early, it is closed at the next item. It may yield None while it waits, so
            that this does not take long.

    Yields:
        The items, in order.
    """
    ready: Queue[tuple[T | None, BaseException | None]] = Queue(1)
    stopped = threading.Event()

    def put(item: T | None, error: BaseException | None) -> None:
        while not stopped.is_set():
            with suppress(Full):
                ready.put((item, error), timeout=POLL)
                return

    def work() -> None:
        try:
            for item in items:
                if item is not None:
                    put(item, None)
                if stopped.is_set():
                    return
            put(None, StopIteration())
        except BaseException as error:  # raised again by the caller
            put(None, error)
        finally:
            close = getattr(items, "close", None)
            if close:
                close()

    thread = threading.Thread(target=work, name="dysfw-ray", daemon=True)
    thread.start()
    try:
        while True:
            try:
                item, error = ready.get(timeout=POLL)
            except Empty:
                continue
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]  # an item, since there is no error
    finally:
        stopped.set()
        thread.join(timeout=PATIENCE)
