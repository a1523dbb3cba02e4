"""Paths as people write them: from the home folder, or as a ``file:`` address."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.request import url2pathname

FILE_ADDRESS = re.compile(r"file:(?://(?:localhost)?(?=/))?", re.IGNORECASE)


def expand_home(path: Path) -> Path:
    """Replace ``~`` and ``~user`` at the beginning of a path by the home folder.

    Args:
        path: Any path.

    Returns:
        The path; unchanged if there is no such user, since a file may be called ``~backup.jpg``.
    """
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def is_file_address(text: str) -> bool:
    """Return whether a text is an address of a file on this machine, such as ``file:///photos/a%20b.jpg``."""
    found = FILE_ADDRESS.match(text)
    return bool(found and text[found.end() : found.end() + 1] == "/")


def local_path(text: str) -> Path:
    """Read a path as people write it.

    Args:
        text: A path, a path that begins with ``~``, or an address such as ``file:///photos/a%20b.jpg``.

    Returns:
        The path.
    """
    if is_file_address(text):
        found = FILE_ADDRESS.match(text)
        assert found  # noqa: S101  # or it would be no address
        return Path(url2pathname(text[found.end() :]))
    return expand_home(Path(text))


def shown(path: str | os.PathLike[str]) -> str:
    """Write the name of a file as text that any program can read: bytes that are no text are escaped.

    Args:
        path: The file.
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")
