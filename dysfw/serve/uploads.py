"""Names of the files of a request."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

from ..util.text import printable

MAX_NAME = 100  # characters of a file name that are kept


def base_name(name: str, number: int) -> str:
    """A file name without folders, printable and short. It is displayed, never opened.

    Args:
        name: The name as it was sent.
        number: Which image of the request it is, from 1; names a file that has no name.
    """
    decoded = name.replace("%22", '"').replace("%0D", " ").replace("%0A", " ")  # browsers encode these in forms
    last = PureWindowsPath(PurePosixPath(decoded).name).name
    return printable(last)[-MAX_NAME:] or f"image {number}"
