"""Makes the next things while the present one is worked with."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
T = TypeVar("T")
MOST_THREADS = 8


def prefetched(make: Callable[[Item], T], items: Iterable[Item]) -> Iterator[T]:
    """``make(item)`` of each, in order, made ahead by threads (decoding and warping leave Python's lock)."""
    threads = min(MOST_THREADS, os.cpu_count() or 1)
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
