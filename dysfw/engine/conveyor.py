"""Stages at work at the same time: while the last embeds one batch, those before it prepare the next.

Each stage has a thread of its own, so that a component is never called by two at once, and hands over to the next by a queue
that holds few batches: a slow stage holds up those before it, and memory stays flat.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import TypeVar

T = TypeVar("T")
AHEAD = 1  # batches that wait between two stages
POLL = 0.1  # s between looks at whether the work was given up


@dataclass(frozen=True, slots=True)
class _End:
    """Nothing more comes. error: why, where it is not the end of the work."""

    error: BaseException | None = None


def conveyed(items: Iterable[T], stages: Sequence[Callable[[T], T]]) -> Iterator[T]:
    """Each item as all stages leave it, in order; ``items`` itself is read in a thread of its own too. What a stage raises is
    raised here once everything before it has come out. When the caller stops early, every thread ends."""
    stop = threading.Event()
    queues: list[Queue[T | _End]] = [Queue(AHEAD) for _ in range(len(stages) + 1)]
    threads = [threading.Thread(target=_feed, args=(items, queues[0], stop), name="source", daemon=True)]
    for stage, source, target in zip(stages, queues, queues[1:], strict=False):
        threads.append(threading.Thread(target=_work, args=(stage, source, target, stop), name=_name(stage), daemon=True))
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
    except BaseException as error:  # whatever it is, the caller is to hear of it
        _put(_End(error), target, stop)


def _work(stage: Callable[[T], T], source: Queue[T | _End], target: Queue[T | _End], stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            item = source.get(timeout=POLL)
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
    """Whether it could be handed over before the work was given up."""
    while not stop.is_set():
        try:
            target.put(item, timeout=POLL)
        except Full:
            continue
        return True
    return False


def _name(stage: Callable[[T], T]) -> str:
    return getattr(stage, "__name__", "stage")
