"""Work spread over processes, which do not outlive the one that started them."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from dysfw.plugin import DysfwError

T = TypeVar("T")
R = TypeVar("R")


def spread(work: Callable[[T], R], items: Sequence[T], workers: int) -> Iterator[R]:
    """``work`` of every item, in their order. With one worker it runs here. Raises DysfwError where a process dies."""
    if workers == 1 or len(items) < 2:
        yield from map(work, items)
        return
    context = multiprocessing.get_context("spawn")  # fork would copy the threads' locks of numpy and numba
    pool = ProcessPoolExecutor(min(workers, len(items)), context, initializer=_prepare)
    try:
        yield from pool.map(work, items)
    except BrokenProcessPool:
        raise DysfwError(
            "a worker process died, perhaps for want of memory",
            hint="the same command goes on from here; try it with fewer --workers",
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _prepare() -> None:
    """An interruption is the parent's to handle, and its death ends this process too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_leave_after, args=(parent.sentinel,), daemon=True).start()


def _leave_after(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)
