"""Image files in memory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MemoryImage:
    """An image file in memory, which the pipeline reads like a file.

    Attributes:
        content: The file's bytes.
        name: What results call it.
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
