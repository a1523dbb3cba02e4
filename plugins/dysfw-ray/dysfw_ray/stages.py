"""What runs on the cluster's machines: one stage reads and decodes, the other judges with models that are loaded once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dysfw.plugin import BatchItem, BatchTask, DysfwError, decoded_batches, deserialize_batch, serialize_batch

if TYPE_CHECKING:
    from dysfw.plugin import Pipeline

Numbered = Sequence[tuple[int, BatchItem]]


def listed(numbered: Numbered) -> str:
    """Photographs with their numbers as text. JSON escapes what in a file's name is no text."""
    return json.dumps([[number, asdict(item)] for number, item in numbered])


def unlisted(text: str) -> list[tuple[int, BatchItem]]:
    return [(number, BatchItem(**said)) for number, said in json.loads(text)]


def decode(row: dict[str, Any]) -> list[dict[str, Any]]:
    """A row with a list of photographs becomes a row for each batch of them, with their pixels."""
    numbered, rows, start = unlisted(row["listed"]), [], 0
    for batch in decoded_batches(item for _, item in numbered):
        own = numbered[start : start + len(batch)]
        start += len(batch)
        rows.append({"listed": listed(own), "images": serialize_batch(batch)})
    return rows


class Predict:
    """An actor: the task's pipeline, opened once. device: another than the recipe's. Raises DysfwError when it is called,
    where its machine is not as the task asks."""

    def __init__(self, task: BatchTask, device: str | None) -> None:
        self._task = task
        # What is wrong here is told with the first photographs: an actor that fails as it is made can say nothing.
        self._pipeline: Pipeline | DysfwError
        try:
            self._pipeline = task.open(device)
        except DysfwError as error:
            self._pipeline = error

    def __call__(self, batch: dict[str, Any]) -> Iterator[dict[str, list[str]]]:
        """batch: some rows of ``decode``. The rows of the result for each photograph, as JSON."""
        pipeline = self._pipeline
        if isinstance(pipeline, DysfwError):
            raise pipeline
        pairs = zip(batch["listed"], batch["images"], strict=True)
        parcels = ((unlisted(str(text)), deserialize_batch(content)) for text, content in pairs)
        for number, rows in self._task.judged(pipeline, parcels):
            yield {"predicted": [json.dumps([number, rows])]}
