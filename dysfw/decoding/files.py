"""Reads the bytes of image files, at most ``MAX_BYTES`` of them."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Protocol

from ..errors import ImageError
from .memory import out_of_memory

MAX_BYTES = 256 * 2**20


class Remote(Protocol):
    """An image that is not a local file. ``str()`` gives its address."""

    def read(self, max_bytes: int, /) -> bytes:
        """Read the image.

        Args:
            max_bytes: Maximum number of bytes to read.

        Returns:
            Its bytes.

        Raises:
            ImageError: It cannot be read.
        """


Source = Path | Remote


def read_bytes(path: Source) -> bytes:
    """Read the bytes of an image.

    Args:
        path: A file, or a remote image.

    Returns:
        The bytes.

    Raises:
        ImageError: With the code missing_file, is_a_folder, unreadable, too_many_bytes or out_of_memory, or that of the remote
            image.
    """
    try:
        if isinstance(path, Path):
            return _read_file(path)
        content = path.read(MAX_BYTES + 1)
    except MemoryError:
        raise out_of_memory("reading this file") from None
    if len(content) > MAX_BYTES:
        raise ImageError("too_many_bytes", f"the file is too large; the maximum is {MAX_BYTES // 2**20} MiB")
    return content


def _read_file(path: Path) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            os.scandir(path).close()  # a folder that cannot be listed is reported as such
            raise ImageError("is_a_folder", "this is a folder; give the images in it, for example FOLDER/*.jpg")
        if not stat.S_ISREG(status.st_mode):
            raise ImageError("unreadable", "not a regular file")
        if status.st_size > MAX_BYTES:
            raise ImageError("too_many_bytes", f"{status.st_size / 2**20:.0f} MiB; the maximum is {MAX_BYTES // 2**20} MiB")
        return path.read_bytes()
    except FileNotFoundError:
        raise ImageError("missing_file", "no such file") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        if getattr(error, "errno", None) == errno.ENOMEM:
            raise MemoryError from None
        raise ImageError("unreadable", f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
