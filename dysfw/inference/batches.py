"""Decodes images ahead of their use, in batches bounded in number and in pixels, so that memory stays flat."""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from ..decoding.decode import decode_image
from ..decoding.files import Source, read_bytes
from ..errors import ImageError
from ..util.concurrency import prefetched
from .jobs import ImageJob

BATCH_IMAGES = 16
BATCH_PIXELS = 48_000_000  # decoded, 144 MB; several batches are in memory at a time


def decoded_batches(sources: Iterable[Source], *, keep_content: bool = False) -> Iterator[list[ImageJob]]:
    """Batches of decoded images. An image that cannot be decoded is a job with a failure."""
    return batched(sources, partial(decode, keep_content=keep_content))


def batched(sources: Iterable[Source], open_source: Callable[[Source], ImageJob]) -> Iterator[list[ImageJob]]:
    """Batches of jobs; ``open_source`` is called from several threads."""
    return in_batches(prefetched(open_source, sources))


def in_batches(jobs: Iterable[ImageJob]) -> Iterator[list[ImageJob]]:
    """Divide jobs into batches.

    The 17th, 33rd … job always begins a batch, regardless of the size of earlier images. Work that is resumed in the middle,
    or divided among machines, therefore meets the same batches.
    """
    batch: list[ImageJob] = []
    pixels = 0
    for number, job in enumerate(jobs):
        if batch and (number % BATCH_IMAGES == 0 or pixels + job.size > BATCH_PIXELS):
            yield batch
            batch, pixels = [], 0
            return_free_memory()
        batch.append(job)
        pixels += job.size
    if batch:
        yield batch


def decode(source: Source, *, keep_content: bool = False) -> ImageJob:
    """Read and decode one image. An ImageError becomes the job's failure."""
    started = time.perf_counter()
    job = ImageJob(str(source))
    try:
        content = read_bytes(source)
        job.image = decode_image(content, str(source))
        job.info = job.image.info
        job.content = content if keep_content else None
    except ImageError as error:
        job.fail(error)
    job.timings_ms["decode"] = (time.perf_counter() - started) * 1000
    return job


def return_free_memory() -> None:
    """Return free memory to the system, if the C library is glibc.

    Small results that are kept come to lie in the gaps between a batch's large arrays, which then cannot be reused: without
    this call a process grows by some 2 MB an image.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim:
        trim(0)
