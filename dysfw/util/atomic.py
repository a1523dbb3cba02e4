"""Files and folders that are there whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import DysfwError


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A temporary file beside ``path`` that takes its place once everything in it is on the disk, and the rename too, so that
    neither a kill nor a power cut leaves half. Raises OSError where the disk refuses; what was there before then stays."""
    scratch = path.with_name(f".{path.name}.unfinished")
    try:
        yield scratch
        with scratch.open("rb+") as file:
            os.fsync(file.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def refuse_existing(folder: Path) -> None:
    """Raise DysfwError where a folder could not be written, before any work is done for it. An empty one may be there."""
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DysfwError(f"{folder} exists already", hint="name another folder with -o, or delete that one first")
    if not folder.parent.is_dir():
        raise DysfwError(f"{folder.parent} is not a folder", hint="create it first")
    try:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-"):
            pass
    except OSError as error:
        raise DysfwError(f"cannot write in {folder.parent}: {error.strerror or error}") from None


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """A scratch folder beside ``folder`` to write into; at the end it becomes ``folder``. Where anything is raised before,
    nothing stays. Raises DysfwError where ``folder`` is not new or empty, and where the disk refuses."""
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
