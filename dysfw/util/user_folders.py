"""The user's folders for caches and lasting state, and what is wrong if there are none."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import DysfwError


def home_folder() -> Path:
    """Return the user's home folder.

    Raises:
        DysfwError: There is none, as for many services and in many containers.
    """
    stated = os.environ.get("HOME", "")
    try:
        folder = Path.home()
    except RuntimeError:  # HOME is not set, and the user is not in the list of users
        raise DysfwError("there is no home folder: HOME is not set") from None
    # An empty or relative HOME would lead into the root or the current folder.
    if ("HOME" in os.environ and not Path(stated).is_absolute()) or not folder.is_dir():
        raise DysfwError(f"there is no home folder: HOME is {stated or str(folder)!r}, which is not a folder")
    return folder


def cache_folder() -> Path:
    """Return dysfw's folder among the user's caches: ``dysfw`` in XDG_CACHE_HOME, or in ~/.cache.

    Returns:
        The folder, which need not exist.

    Raises:
        DysfwError: The user has no home folder.
    """
    stated = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (
        stated if stated.is_absolute() else home_folder() / ".cache"
    ) / "dysfw"  # the XDG specification ignores relative paths


def state_folder() -> Path:
    """Return dysfw's folder for what has to last: ``dysfw`` in XDG_STATE_HOME, or in ~/.local/state.

    Unlike a cache, its content cannot be computed again.

    Returns:
        The folder, which need not exist.

    Raises:
        DysfwError: The user has no home folder.
    """
    stated = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (stated if stated.is_absolute() else home_folder() / ".local" / "state") / "dysfw"


def writable_cache_folder() -> Path:
    """Return ``cache_folder()``, which can be written or created.

    Raises:
        DysfwError: The user has no home folder, or the folder cannot be written.
    """
    folder = cache_folder()
    if not is_writable(folder):
        raise DysfwError(f"{folder} cannot be written")
    return folder


def is_writable(folder: Path) -> bool:
    """Tell whether a folder can be written, or created and then written; nothing is written to find out."""
    existing = folder
    while not os.path.lexists(existing) and existing != existing.parent:
        existing = existing.parent
    try:
        return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
    except OSError:  # such as a folder that the user must not enter
        return False
