"""Which photographs a part of the work takes: by their names, so that no two shards take one, whatever each of them lists."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from ..errors import DysfwError


@dataclass(frozen=True, slots=True)
class Shard:
    """The i-th of n, from 1."""

    index: int
    number: int

    def takes(self, name: str) -> bool:
        digest = hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).digest()
        return int.from_bytes(digest) % self.number == self.index - 1

    def __str__(self) -> str:
        return f"{self.index}/{self.number}"


WHOLE = Shard(1, 1)


def shard_of(text: str | None) -> Shard:
    """ "3/16". Raises DysfwError."""
    if text is None:
        return WHOLE
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise DysfwError(f"--shard is {text!r}; it is i/n with i from 1 to n, such as 3/16")
    return Shard(int(match[1]), int(match[2]))
