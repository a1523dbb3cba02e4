"""Locks that keep two processes from working in the same folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import DysfwError

LOCK = "lock"  # name of the locked file


@contextmanager
def folder_lock(folder: Path, message: str) -> Iterator[None]:
    """Create a folder if necessary and lock it for this process. The lock ends with the process, even if it is killed.

    Args:
        folder: The folder.
        message: The error if another process holds the lock.

    Raises:
        DysfwError: Another process holds the lock, the folder cannot be written, or its file system has no locks.
    """
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:  # a subclass of OSError
        raise DysfwError(message, hint="wait for it, or name another output with -o") from None
    except NotImplementedError:
        raise DysfwError(
            f"{folder} is on a file system without locks, so two processes could do the same work",
            hint="name an output on another file system with -o, and copy it when it is finished",
        ) from None
    except OSError as error:
        raise DysfwError(f"cannot write in {folder}: {error.strerror or error}", hint="name another output with -o") from None
    try:
        yield
    finally:
        lock.release()
        _remove_last_file(folder)


def _remove_last_file(folder: Path) -> None:
    """Delete a folder of which only the lock is left. Windows refuses that while the file is open, and else nothing is left."""
    if os.name == "nt" and [path.name for path in folder.glob("*")] == [LOCK]:
        with suppress(OSError):  # another process has locked it in the meantime
            (folder / LOCK).unlink()
            folder.rmdir()
