"""A folder in which one process works at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import DysfwError

LOCK = "lock"  # the file that is locked


@contextmanager
def folder_lock(folder: Path, taken: str) -> Iterator[None]:
    """Make the folder and keep it for this process, however that ends. taken: what to say where another process has it.

    Raises DysfwError: another has it, it cannot be written, or its file system knows no locks.
    """
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:  # an OSError too
        raise DysfwError(taken, hint="wait for it, or name another output with -o") from None
    except NotImplementedError:
        raise DysfwError(
            f"{folder} lies on a file system without locks, so that two processes could do the same work",
            hint="name an output on another with -o, and copy it when it is finished",
        ) from None
    except OSError as error:
        raise DysfwError(f"cannot write in {folder}: {error.strerror or error}", hint="name another output with -o") from None
    try:
        yield
    finally:
        lock.release()
