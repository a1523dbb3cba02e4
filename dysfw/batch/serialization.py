"""Decoded photographs as bytes, for a machine that judges what another has decoded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from ..cache.serialization import packed, unpacked
from ..inference.batches import Decoded, decoded, in_batches
from ..types import Failure, Image, Notice
from .item import BatchItem


def decoded_batches(entries: Iterable[BatchItem]) -> Iterator[list[Decoded]]:
    """Photographs, read and decoded here, in the batches in which they are judged. Raises DysfwError for an address that
    cannot be read here."""
    return in_batches(decoded(item.opened) for item in entries)


def serialize_batch(batch: Sequence[Decoded]) -> bytes:
    arrays = {f"{n}": one.result.pixels for n, one in enumerate(batch) if isinstance(one.result, Image)}
    return packed(arrays, {"images": [_described(one) for one in batch]})


def deserialize_batch(content: bytes) -> list[Decoded]:
    """Raises ValueError where the bytes are nothing that ``sealed`` made."""
    arrays, values = unpacked(content)
    batch = []
    for n, said in enumerate(values["images"]):
        milliseconds = said.pop("milliseconds")
        if f"{n}" in arrays:
            notices = tuple(Notice(**notice) for notice in said.pop("notices"))
            pixels = arrays[f"{n}"]
            pixels.flags.writeable = False
            batch.append(Decoded(Image(pixels, notices=notices, **said), milliseconds))
        else:
            batch.append(Decoded(Failure(**said), milliseconds))
    return batch


def _described(one: Decoded) -> dict[str, object]:
    result = one.result
    if isinstance(result, Failure):
        return asdict(result) | {"milliseconds": one.milliseconds}
    notices = [asdict(notice) for notice in result.notices]
    return {"source": result.source, "sha256": result.sha256, "notices": notices, "milliseconds": one.milliseconds}
