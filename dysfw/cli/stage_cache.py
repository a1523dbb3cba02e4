"""The stage cache and its option, for commands."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..cache.store import StageCache

NoCacheOption = Annotated[bool, typer.Option("--no-cache", help="Disable the cache.")]


IN_CACHE = "what was computed for the images so far is in the cache, so the same command is faster now"


@contextlib.contextmanager
def opened_cache(no_cache: bool) -> Iterator[StageCache | None]:
    """Open this user's cache for the duration of a ``with`` block.

    Yields:
        The cache, or None with ``--no-cache`` or if DYSFW_CACHE is "off".

    Raises:
        DysfwError: The cache's size is invalid.
    """
    from ..cache.location import cache_folder, cache_size
    from ..errors import DysfwError
    from .terminal import warn

    size, folder = cache_size(), None
    if not no_cache:
        try:
            folder = cache_folder()
        except DysfwError as error:  # such as for a service without a home folder
            warn(f"{error.message}; {error.hint}")
    if folder is None:
        yield None
        return
    from ..cache.store import StageCache

    cache = StageCache(folder, size, warn)
    try:
        yield cache
    finally:
        cache.close()
