"""The folder beside the weight file in which a training keeps what it may need again."""

from __future__ import annotations

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
