"""Image files of a request, in memory only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath

from ..util.text import printable

MAX_NAME = 100  # characters of a file name that are kept


@dataclass(frozen=True, slots=True)
class UploadedImage:
    """An image file in memory, which the pipeline reads like a file.

    Attributes:
        content: The file's bytes.
        name: The file's name, without folders.
    """

    content: bytes
    name: str

    def read(self, max_bytes: int) -> bytes:
        """The first bytes of the file.

        Args:
            max_bytes: Maximum number of bytes.
        """
        return self.content[:max_bytes]

    def __str__(self) -> str:
        return self.name


def base_name(name: str, number: int) -> str:
    """A file name without folders, printable and short. It is displayed, never opened.

    Args:
        name: The name as it was sent.
        number: Which image of the request it is, from 1; names a file that has no name.
    """
    decoded = name.replace("%22", '"').replace("%0D", " ").replace("%0A", " ")  # browsers encode these in forms
    last = PureWindowsPath(PurePosixPath(decoded).name).name
    return printable(last)[-MAX_NAME:] or f"image {number}"
