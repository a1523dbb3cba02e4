"""Makes the next batches while the present one is computed with."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
MOST_THREADS = 8


def prefetched(make: Callable[[int], T], steps: range) -> Iterator[T]:
    """``make(step)`` of each step, in order, made ahead by threads (decoding and warping leave Python's lock)."""
    threads = min(MOST_THREADS, os.cpu_count() or 1)
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(threads, "batch") as pool:
        try:
            ahead = iter(steps)
            waiting.extend(pool.submit(make, step) for step in islice(ahead, threads + 1))
            while waiting:
                made = waiting.popleft().result()
                waiting.extend(pool.submit(make, step) for step in islice(ahead, 1))
                yield made
        finally:
            for future in waiting:
                future.cancel()
