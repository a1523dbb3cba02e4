"""Decodes images and hands them on in batches bounded in number and in pixels, so that memory stays flat."""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import ImageError
from ..imaging.decode import read_image
from ..types import Failure, Image

BATCH_IMAGES = 16
BATCH_PIXELS = 96_000_000  # decoded, 288 MB


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """An image, or why there is none, and the time that decoding took."""

    result: Image | Failure
    milliseconds: float


def batches(sources: Iterable[Path]) -> Iterator[list[Decoded]]:
    batch: list[Decoded] = []
    pixels = 0
    for source in sources:
        decoded = _decode(source)
        size = decoded.result.width * decoded.result.height
        if batch and (len(batch) == BATCH_IMAGES or pixels + size > BATCH_PIXELS):
            yield batch
            batch, pixels = [], 0
            _give_back_memory()
        batch.append(decoded)
        pixels += size
    if batch:
        yield batch


def _decode(source: Path) -> Decoded:
    started = time.perf_counter()
    result: Image | Failure
    try:
        result = read_image(source)
    except ImageError as error:
        result = Failure(str(source), error.code, error.message)
    return Decoded(result, (time.perf_counter() - started) * 1000)


def _give_back_memory() -> None:
    """Hand what the last batch needed back to the system, where the C library is glibc.

    Small results that are kept come to lie in the gaps that a batch's large arrays leave, which then fit nowhere: without this
    a process grows by some 2 MB an image.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim:
        trim(0)
