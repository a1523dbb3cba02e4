"""The work folder of a training run, beside its weight file."""

from __future__ import annotations

from pathlib import Path

from ..errors import DysfwError

SUFFIX = ".training"  # appended to the weight file's name


def work_folder(output: Path) -> Path:
    """Return the folder for frames, checkpoint and history of a training run."""
    return output.with_name(output.name + SUFFIX)


def refuse_existing(output: Path) -> None:
    """Check that a weight file can be created, before any work is done.

    Raises:
        DysfwError: The file exists, or its folder does not.
    """
    if output.exists():
        raise DysfwError(f"{output} already exists", hint="choose another file with -o, or delete it first")
    if not output.parent.is_dir():
        raise DysfwError(f"{output.parent} is not a folder", hint="create it first")
