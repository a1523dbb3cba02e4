"""How many threads linear algebra uses."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

# What libraries read, when they are loaded, as their number of threads.
THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_limited: ContextVar[bool] = ContextVar("limited", default=False)


@contextmanager
def one_thread() -> Iterator[None]:
    """Use one thread for linear algebra in the ``with`` block.

    Threads do not help with matrices of a few hundred rows: they wait for one another, six times as long as the work takes, and
    much longer on a busy machine.
    """
    if _limited.get():
        yield
        return
    import scipy.linalg  # noqa: F401  # has linear algebra of its own, which can be limited only once it is loaded

    token = _limited.set(True)
    try:
        with _libraries(len(sys.modules)).limit(limits=1):
            yield
    finally:
        _limited.reset(token)


@lru_cache(maxsize=1)
def _libraries(modules: int) -> ThreadpoolController:  # imports may have loaded further libraries
    """Find the libraries of this process that have threads, which takes milliseconds: as long as the fit of a small head."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
