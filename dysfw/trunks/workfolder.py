"""The folder beside the weight file in which a training keeps what it may need again, used by one training at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import DysfwError

WORK = ".training"  # what is added to the weight file's name


def work_folder(output: Path) -> Path:
    """Where the training of a weight file keeps frames, checkpoint and history."""
    return output.with_name(output.name + WORK)


def refuse_existing(output: Path) -> None:
    """Raise DysfwError where a weight file could not be put, before any work is done for it."""
    if output.exists():
        raise DysfwError(f"{output} exists already", hint="name another file with -o, or delete that one first")
    if not output.parent.is_dir():
        raise DysfwError(f"{output.parent} is not a folder", hint="create it first")


@contextmanager
def held(output: Path) -> Iterator[None]:
    """Make the folder and keep it for this process. Raises DysfwError where it cannot be written, or where another process has
    it."""
    folder = work_folder(output)
    try:
        folder.mkdir(exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise DysfwError(f"cannot write in {folder}: {error.strerror or error}", hint="name another file with -o") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # given back by the system however the process ends
        except BlockingIOError:
            raise DysfwError(
                f"another process is training {output}", hint="wait for it, or name another file with -o"
            ) from None
        yield
