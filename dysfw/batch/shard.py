"""Shards of a batch: a fixed division of the images by their names."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from ..errors import DysfwError


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several shards. Each name belongs to exactly one of them, whatever else is listed.

    Attributes:
        index: Number of this shard, from 1.
        number: Number of shards.
    """

    index: int
    number: int

    def takes(self, name: str) -> bool:
        """Return whether an image belongs to this shard.

        Args:
            name: Name of the image within its source.
        """
        digest = hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).digest()
        return int.from_bytes(digest) % self.number == self.index - 1

    def __str__(self) -> str:
        return f"{self.index}/{self.number}"


WHOLE = Shard(1, 1)


def shard_of(text: str | None) -> Shard:
    """Parse a shard.

    Args:
        text: Text such as "3/16"; None for all images.

    Returns:
        The shard.

    Raises:
        DysfwError: The text is not of this form.
    """
    if text is None:
        return WHOLE
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise DysfwError(f"--shard {text!r} is invalid; it must be i/n with i from 1 to n, such as 3/16")
    return Shard(int(match[1]), int(match[2]))
