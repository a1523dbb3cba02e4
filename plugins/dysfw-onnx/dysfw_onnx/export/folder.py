"""A folder that appears when everything is in it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dysfw.errors import DysfwError


def refuse_existing(folder: Path) -> None:
    """Raise DysfwError where the folder could not be written, before any work is done for it."""
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
def made_whole(folder: Path) -> Iterator[Path]:
    """A scratch folder beside ``folder`` to write into; at the end it becomes ``folder``. Where anything is raised before,
    nothing stays. Raises DysfwError where the disk refuses."""
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
