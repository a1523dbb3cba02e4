"""Decoded images as bytes, for a machine that predicts from what another has decoded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from ..cache.serialization import deserialize, serialize
from ..inference.batches import decode, in_batches
from ..inference.jobs import ImageJob
from ..types import Failure, Image, Notice
from .item import BatchItem


def decoded_batches(items: Iterable[BatchItem]) -> Iterator[list[ImageJob]]:
    """Read and decode images, in the batches in which they are predicted.

    Raises:
        DysfwError: If an address cannot be read on this machine.
    """
    return in_batches(decode(item.image_source) for item in items)


def serialize_batch(batch: Sequence[ImageJob]) -> bytes:
    """Images, or why they could not be decoded, as bytes."""
    arrays = {f"{n}": job.image.pixels for n, job in enumerate(batch) if job.image}
    return serialize(arrays, {"images": [_describe(job) for job in batch]})


def deserialize_batch(content: bytes) -> list[ImageJob]:
    """The inverse of ``serialize_batch``.

    Raises:
        ValueError: If the bytes are damaged.
    """
    arrays, values = deserialize(content)
    batch = []
    for n, described in enumerate(values["images"]):
        job = ImageJob(described["source"], timings_ms={"decode": described.pop("milliseconds")})
        if f"{n}" in arrays:
            notices = tuple(Notice(**notice) for notice in described.pop("notices"))
            pixels = arrays[f"{n}"]
            pixels.flags.writeable = False
            job.image = Image(pixels, notices=notices, **described)
            job.info = job.image.info
        else:
            job.failures.append(Failure(**described))
        batch.append(job)
    return batch


def _describe(job: ImageJob) -> dict[str, object]:
    milliseconds = job.timings_ms["decode"]
    if job.image is None:
        return asdict(job.failures[0]) | {"milliseconds": milliseconds}
    image, notices = job.image, [asdict(notice) for notice in job.image.notices]
    return {"source": image.source, "sha256": image.sha256, "notices": notices, "milliseconds": milliseconds}
