"""Parallel map over processes that never outlive their parent."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from dysfw.plugin import DysfwError, interrupts_deferred

T = TypeVar("T")
R = TypeVar("R")


def map_in_processes(work: Callable[[T], R], items: Sequence[T], workers: int) -> Iterator[R]:
    """Apply a function to items in parallel.

    Args:
        work: The function; it must be picklable.
        items: Its arguments.
        workers: Number of processes. With one, the function runs in the current process.

    Yields:
        The results in the order of the items.

    Raises:
        DysfwError: A process died.
    """
    if workers == 1 or len(items) < 2:
        yield from map(work, items)
        return
    context = multiprocessing.get_context("spawn")  # fork would copy the threads' locks of numpy and numba
    # Each process receives the function once: pickled with each item, a spec of 1,000 conditions would add 1 MB to it.
    pool = ProcessPoolExecutor(min(workers, len(items)), context, initializer=_initialise, initargs=(work,))
    try:
        with interrupts_deferred():
            results = pool.map(_call, items)  # starts the processes
        yield from results
    except BrokenProcessPool:
        raise DysfwError(
            "a worker process died, possibly because the system ran out of memory",
            hint="run the same command again with fewer --workers; it resumes after the images that are finished",
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_WORK: list[Callable[[Any], Any]] = []  # the function of this process


def _call(item: T) -> Any:  # noqa: ANN401  # the result of any function
    return _WORK[0](item)


def _initialise(work: Callable[[T], R]) -> None:
    """Keep the function, leave interrupts to the parent process, and exit when it dies."""
    _WORK[:] = [work]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent.sentinel,), daemon=True).start()


def _exit_after(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)
