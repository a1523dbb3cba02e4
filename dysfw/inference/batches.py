"""Opens photographs ahead of their use, and hands them on in batches bounded in number and in pixels: memory stays flat."""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ..errors import ImageError
from ..imaging.decode import Source, decode_image, read_bytes
from ..types import Failure, Image
from ..util.concurrency import prefetched

BATCH_IMAGES = 16
BATCH_PIXELS = 48_000_000  # decoded, 144 MB; several batches are under way at a time


class Sized(Protocol):
    @property
    def size(self) -> int:
        """Pixels that it holds in memory."""


S = TypeVar("S", bound=Sized)


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """An image, or why there is none, and the time that decoding took."""

    result: Image | Failure
    milliseconds: float

    @property
    def size(self) -> int:
        return self.result.width * self.result.height


def batches(sources: Iterable[Source]) -> Iterator[list[Decoded]]:
    """Photographs, decoded."""
    return batched(sources, decoded)


def batched(sources: Iterable[Source], opened: Callable[[Source], S]) -> Iterator[list[S]]:
    """What ``opened``, called from several threads, makes of each, in batches."""
    return in_batches(prefetched(opened, sources))


def in_batches(items: Iterable[S]) -> Iterator[list[S]]:
    """The 17th, 33rd … always begins a batch, whatever the size of those before it: so work that is taken up in the middle, or
    is divided among machines, meets the same batches."""
    batch: list[S] = []
    pixels = 0
    for number, one in enumerate(items):
        if batch and (number % BATCH_IMAGES == 0 or pixels + one.size > BATCH_PIXELS):
            yield batch
            batch, pixels = [], 0
            give_back_memory()
        batch.append(one)
        pixels += one.size
    if batch:
        yield batch


def decoded(source: Source) -> Decoded:
    """Never raises ImageError: that is a result."""
    started = time.perf_counter()
    result: Image | Failure
    try:
        result = decode_image(read_bytes(source), str(source))
    except ImageError as error:
        result = Failure(str(source), error.code, error.message)
    return Decoded(result, (time.perf_counter() - started) * 1000)


def give_back_memory() -> None:
    """Hand what the last batch needed back to the system, where the C library is glibc.

    Small results that are kept come to lie in the gaps that a batch's large arrays leave, which then fit nowhere: without this
    a process grows by some 2 MB an image.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim:
        trim(0)
