"""Concurrency for pipelines: prefetch items in threads, and run stages in parallel."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from queue import Empty, Full, Queue
from typing import TypeVar

from .processors import usable_processors

Item = TypeVar("Item")
T = TypeVar("T")
MAX_THREADS = 8
QUEUE_SIZE = 1  # items between two stages
POLL_SECONDS = 0.1  # between checks whether the caller has stopped


def prefetched(function: Callable[[Item], T], items: Iterable[Item]) -> Iterator[T]:
    """Call a function on each item, ahead in threads. Decoding and warping release the GIL.

    Args:
        function: What to call.
        items: Its arguments.

    Yields:
        The results, in order.
    """
    threads = min(MAX_THREADS, usable_processors())
    pending: deque[Future[T]] = deque()
    with ThreadPoolExecutor(threads, "prefetch") as pool:
        try:
            remaining = iter(items)
            pending.extend(pool.submit(function, item) for item in islice(remaining, threads + 1))
            while pending:
                result = pending.popleft().result()
                pending.extend(pool.submit(function, item) for item in islice(remaining, 1))
                yield result
        finally:
            for future in pending:
                future.cancel()


@dataclass(frozen=True, slots=True)
class _End:
    """Marks the end of a queue.

    Attributes:
        error: The exception that ended it, if any.
    """

    error: BaseException | None = None


def pipelined(items: Iterable[T], stages: Sequence[Callable[[T], T]]) -> Iterator[T]:
    """Pass each item through all stages, in order.

    Each stage has its own thread, so that a component is never called by two threads at once; ``items`` is read in another.
    Short queues join the stages: a slow stage holds up those before it, and memory use stays constant. An exception in a stage
    is raised here after everything before it was yielded. If the caller stops early, all threads end.

    Args:
        items: The items.
        stages: Functions that each map an item to an item.

    Yields:
        The processed items, in order.
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
            result: T | _End = stage(item)
        except BaseException as error:  # as above
            result = _End(error)
        if not _put(result, target, stop) or isinstance(result, _End):
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
