"""Atomic writes: files and folders that are complete or absent, even after a crash."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import DysfwError

WINDOWS_ATTEMPTS, WINDOWS_WAIT = 20, 0.05  # tries, and s between them


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Write a temporary file that replaces ``path`` once its content is on the disk.

    The rename is synced too, so that neither a kill nor a power cut leaves half a file.

    Args:
        path: The file to write.

    Yields:
        The temporary file, beside ``path``.

    Raises:
        OSError: The disk refuses. A previous file then stays as it was.
    """
    temporary = path.with_name(f".{path.name}.unfinished")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        replace_file(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def replace_file(source: Path, target: Path) -> None:
    """Rename a file over another one.

    Windows refuses this while any program has the target open, as virus scanners and indexers do for moments; then it is tried
    again for a second.

    Args:
        source: The file to rename.
        target: Its new path, on the same file system.

    Raises:
        OSError: The system refuses.
    """
    attempts = WINDOWS_ATTEMPTS if os.name == "nt" else 1
    for attempt in range(attempts):
        try:
            source.replace(target)
        except PermissionError:
            if attempt == attempts - 1:
                raise
            time.sleep(WINDOWS_WAIT)
        else:
            return


def _sync_folder(folder: Path) -> None:
    """Write a folder's entries to the disk. Windows cannot open folders, and needs no such step."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refuse_content(path: Path, *, file: bool = False) -> None:
    """Check that nothing would be overwritten.

    Args:
        path: A path that does not exist, or an empty folder.
        file: Whether a file is to be written; then even an empty folder is in the way.

    Raises:
        DysfwError: It exists, and is not an empty folder.
    """
    if path.exists() and (file or not path.is_dir() or any(path.iterdir())):
        raise DysfwError(f"{path} already exists", hint="choose another path with -o, or delete it first")


def refuse_existing(path: Path, *, file: bool = False) -> None:
    """Check that a folder or file can be written, before any work is done for it.

    Args:
        path: A path that does not exist, or an empty folder.
        file: Whether a file is to be written.

    Raises:
        DysfwError: It exists, or it cannot be written.
    """
    path = path.absolute()
    refuse_content(path, file=file)
    refuse_unwritable(path)


def refuse_unwritable(path: Path) -> None:
    """Check that a file or folder can be created or replaced, before any work is done for it.

    Args:
        path: What will be written.

    Raises:
        DysfwError: The folder that it is in does not exist, or cannot be written in.
    """
    parent = path.absolute().parent
    if not parent.is_dir():
        raise DysfwError(f"{parent} is not a folder", hint="create it first")
    try:
        with tempfile.TemporaryDirectory(dir=parent, prefix=f".{path.name}-"):
            pass
    except OSError as error:
        raise DysfwError(f"cannot write in {parent}: {error.strerror or error}") from None


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Write a temporary folder that becomes ``folder`` at the end. If anything is raised before, nothing is left.

    Args:
        folder: A folder that does not exist or is empty.

    Yields:
        The temporary folder, beside ``folder``.

    Raises:
        DysfwError: ``folder`` is not empty, or it cannot be written.
    """
    folder = folder.absolute()
    refuse_existing(folder)
    try:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
            unfinished = Path(scratch) / folder.name
            unfinished.mkdir()
            yield unfinished
            if folder.exists():
                folder.rmdir()  # empty, or refused above
            unfinished.rename(folder)
    except OSError as error:
        raise DysfwError(f"cannot write {folder}: {error.strerror or error}") from None
