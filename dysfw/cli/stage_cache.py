"""The stage cache as commands use it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..cache.store import StageCache

NoCacheOption = Annotated[
    bool, typer.Option("--no-cache", help="Compute everything anew, and keep nothing: see `dysfw cache info`.")
]


@contextlib.contextmanager
def opened_cache(no_cache: bool) -> Iterator[StageCache | None]:
    """This user's cache; None with ``--no-cache``, and where DYSFW_CACHE is "off". Raises DysfwError."""
    from ..cache.location import cache_folder, cache_size

    folder, size = cache_folder(), cache_size()
    if no_cache or folder is None:
        yield None
        return
    from ..cache.store import StageCache
    from .terminal import warn

    cache = StageCache(folder, size, warn)
    try:
        yield cache
    finally:
        cache.close()
