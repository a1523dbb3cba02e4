"""The work folder of a training run, beside its weight file."""

from __future__ import annotations

from pathlib import Path

SUFFIX = ".training"  # appended to the weight file's name


def work_folder(output: Path) -> Path:
    """Return the folder for frames, checkpoint and history of a training run."""
    return output.with_name(output.name + SUFFIX)
