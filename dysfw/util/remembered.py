"""What earlier runs found out and would take time to find out again, such as the hash of a large file.

It is kept in the user's private cache, one small file a fact. Nothing depends on it: without a cache, or with DYSFW_CACHE=off,
everything is found out again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from pathlib import Path

from ..errors import DysfwError
from .atomic import atomic_write
from .files import sha256_of
from .process_environment import CACHE, OFF
from .user_folders import writable_cache_folder

FOLDER = "facts"
SETTLED = 10.0  # s since the last change of a file after which its times tell whether it changed again
MIN_SIZE = 2**20  # bytes; smaller files are hashed faster than a fact is read

_digests: dict[tuple[str, str], str] = {}  # by path and state


def recall(fact: str) -> str | None:
    """Return what was remembered.

    Args:
        fact: Name of the fact.

    Returns:
        Its value; None if it is not known.
    """
    with contextlib.suppress(OSError, ValueError, DysfwError):
        if path := _path(fact):
            return path.read_text("utf-8")
    return None


def remember(fact: str, value: str) -> None:
    """Remember something for later runs, if there is a cache that can be written.

    Args:
        fact: Name of the fact.
        value: Its value.
    """
    with contextlib.suppress(OSError, DysfwError):
        if path := _path(fact):
            path.parent.mkdir(0o700, parents=True, exist_ok=True)
            with atomic_write(path) as unfinished:
                unfinished.write_text(value, "utf-8")


def forget(fact: str) -> None:
    """Remove a fact.

    Args:
        fact: Name of the fact.
    """
    with contextlib.suppress(OSError, DysfwError):
        if path := _path(fact):
            path.unlink(missing_ok=True)


def known_sha256(path: Path) -> str:
    """Return the hex digest of a file's content, without reading it if it is known.

    A digest is known as long as path, size, times and inode of the file stay, and only if it was computed when the file had
    not changed for ten seconds. Commands that check files use ``dysfw.util.files.sha256_of``, which always reads.

    Args:
        path: The file.

    Returns:
        The digest.
    """
    before = path.stat()
    if before.st_size < MIN_SIZE:
        return sha256_of(path)
    fact, state = f"sha256 of {path.resolve()}", _state(before)
    if digest := _digests.get((fact, state)):
        return digest
    known_state, _, digest = (recall(fact) or "").partition("\n")
    if known_state == state and len(digest) == hashlib.sha256().digest_size * 2:
        _digests[fact, state] = digest
        return digest
    digest = sha256_of(path)
    changed = max(before.st_mtime, before.st_ctime)
    if _state(path.stat()) == state and time.time() - changed > SETTLED:
        _digests[fact, state] = digest
        remember(fact, f"{state}\n{digest}")
    return digest


def _state(status: os.stat_result) -> str:
    """What changes with a file's content. The second time is set by the system and not by programs, where there is one."""
    return f"{status.st_dev} {status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def private_cache_folder(name: str) -> Path | None:
    """Return a folder in the user's private cache, for what can be computed again from public data.

    Args:
        name: Its name, such as that of a plugin's component.

    Returns:
        The folder, which need not exist; None if DYSFW_CACHE is "off".

    Raises:
        DysfwError: The user has no folder that can be written.
    """
    stated = os.environ.get(CACHE, "")
    if stated.lower() == OFF:
        return None
    try:
        return (Path(stated).expanduser() if stated else writable_cache_folder()) / name
    except RuntimeError:  # "~" without a home folder
        raise DysfwError(f"nothing is cached: {CACHE} is {stated!r}, and there is no home folder") from None


def _path(fact: str) -> Path | None:
    folder = private_cache_folder(FOLDER)
    return folder / hashlib.sha256(fact.encode()).hexdigest()[:32] if folder else None
