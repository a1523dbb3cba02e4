"""Linear algebra in one thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Use one thread for linear algebra in the ``with`` block.

    Threads do not help with matrices of a few hundred rows: they wait for one another, six times as long as the work takes, and
    much longer on a busy machine.
    """
    import scipy.linalg  # noqa: F401  # has linear algebra of its own, which can be limited only once it is loaded
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
