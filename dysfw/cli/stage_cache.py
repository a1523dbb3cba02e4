"""The stage cache and its option, for commands."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..cache.store import StageCache

NoCacheOption = Annotated[bool, typer.Option("--no-cache", help="Disable the cache.")]


def kept_in(cache: StageCache | None, **units: str) -> str:
    """Say, after an interruption, what the cache has kept, and how to go on.

    Args:
        cache: The cache; None with ``--no-cache``.
        units: What an entry of a stage is called, by stage, such as ``heads="fitted head"``.

    Returns:
        Text such as "3 finished splits and what was computed for the images are in the cache: the same command resumes".
    """
    from ..util.text import count

    if cache is None or not cache.is_open:
        return "nothing is kept without the cache"
    finished = [count(cache.stored[stage], unit) for stage, unit in units.items() if cache.stored[stage]]
    kept = " and ".join([*finished, "what was computed for the images"])
    return f"{kept} {'are' if finished else 'is'} in the cache: the same command resumes"


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
