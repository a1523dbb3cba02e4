"""Concurrency for pipelines: prefetch items in threads, and run stages in parallel.

In ``pipelined`` each stage has its own thread, so that a component is never called by two threads at once. Stages are joined by
short queues: a slow stage holds up those before it, and memory stays flat.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from queue import Empty, Full, Queue
from typing import TypeVar

Item = TypeVar("Item")
T = TypeVar("T")
MAX_THREADS = 8
QUEUE_SIZE = 1  # items that wait between two stages
POLL_SECONDS = 0.1  # between checks whether the caller has stopped


def prefetched(make: Callable[[Item], T], items: Iterable[Item]) -> Iterator[T]:
    """``make(item)`` of each item, in order, computed ahead in threads (decoding and warping release the GIL)."""
    threads = min(MAX_THREADS, os.cpu_count() or 1)
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(threads, "prefetch") as pool:
        try:
            ahead = iter(items)
            waiting.extend(pool.submit(make, item) for item in islice(ahead, threads + 1))
            while waiting:
                made = waiting.popleft().result()
                waiting.extend(pool.submit(make, item) for item in islice(ahead, 1))
                yield made
        finally:
            for future in waiting:
                future.cancel()


@dataclass(frozen=True, slots=True)
class _End:
    """Marks the end of a queue. error: the exception that ended it, if any."""

    error: BaseException | None = None


def pipelined(items: Iterable[T], stages: Sequence[Callable[[T], T]]) -> Iterator[T]:
    """Pass each item through all stages, in order. ``items`` is read in a thread of its own, too.

    An exception in a stage is raised here once everything before it has come out. If the caller stops early, every thread ends.
    """
    stop = threading.Event()
    queues: list[Queue[T | _End]] = [Queue(QUEUE_SIZE) for _ in range(len(stages) + 1)]
    threads = [threading.Thread(target=_feed, args=(items, queues[0], stop), name="source", daemon=True)]
    for stage, source, target in zip(stages, queues, queues[1:], strict=False):
        threads.append(threading.Thread(target=_run_stage, args=(stage, source, target, stop), name=_name(stage), daemon=True))
    for thread in threads:
        thread.start()
    try:
        while not isinstance(item := queues[-1].get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _feed(items: Iterable[T], target: Queue[T | _End], stop: threading.Event) -> None:
    try:
        for item in items:
            if not _put(item, target, stop):
                return
        _put(_End(), target, stop)
    except BaseException as error:  # the caller must see every error
        _put(_End(error), target, stop)


def _run_stage(stage: Callable[[T], T], source: Queue[T | _End], target: Queue[T | _End], stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            item = source.get(timeout=POLL_SECONDS)
        except Empty:
            continue
        if isinstance(item, _End):
            _put(item, target, stop)
            return
        try:
            done: T | _End = stage(item)
        except BaseException as error:  # as above
            done = _End(error)
        if not _put(done, target, stop) or isinstance(done, _End):
            return


def _put(item: T | _End, target: Queue[T | _End], stop: threading.Event) -> bool:
    """Put the item into the queue. Returns False if the caller has stopped."""
    while not stop.is_set():
        try:
            target.put(item, timeout=POLL_SECONDS)
        except Full:
            continue
        return True
    return False


def _name(stage: Callable[[T], T]) -> str:
    return getattr(stage, "__name__", "stage")
