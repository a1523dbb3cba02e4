"""The two stages that run on the cluster: one reads and decodes, the other predicts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

from dysfw.plugin import BatchItem, BatchTask, DysfwError, decoded_batches, deserialize_batch, load_registry, serialize_batch

if TYPE_CHECKING:
    from dysfw.plugin import Pipeline

NumberedItems = Sequence[tuple[int, BatchItem]]


def items_to_json(items: NumberedItems) -> str:
    """Serialise items with their numbers; JSON escapes bytes in file names that are not valid text."""
    return json.dumps([[number, asdict(item)] for number, item in items])


def items_from_json(text: str) -> list[tuple[int, BatchItem]]:
    """The inverse of ``items_to_json``."""
    return [(number, BatchItem(**fields)) for number, fields in json.loads(text)]


def decode(row: dict[str, Any], plugins: tuple[str, ...] | None) -> list[dict[str, Any]]:
    """Read and decode the images of a row.

    Args:
        row: A row with ``items``.
        plugins: The only plugins whose decoders may be used; None for all.

    Returns:
        A row with ``items`` and ``images`` for each batch.
    """
    _load_plugins(plugins)
    items, rows, start = items_from_json(row["items"]), [], 0
    for batch in decoded_batches(item for _, item in items):
        batch_items = items[start : start + len(batch)]
        start += len(batch)
        rows.append({"items": items_to_json(batch_items), "images": serialize_batch(batch)})
    return rows


@cache
def _load_plugins(plugins: tuple[str, ...] | None) -> None:
    """Load plugins, once in each worker: images are decoded by the decoders among them."""
    load_registry(plugins)


class Predict:
    """An actor that opens the task's pipeline once and predicts.

    Args:
        task: The task.
        device: Replaces the recipe's device, if given.
    """

    def __init__(self, task: BatchTask, device: str | None) -> None:
        self._task = task
        # An exception here would restart the actor without a message, so it is raised with the first images.
        self._pipeline: Pipeline | DysfwError
        try:
            self._pipeline = task.open(device)
        except DysfwError as error:
            self._pipeline = error

    def __call__(self, batch: dict[str, Any]) -> Iterator[dict[str, list[str]]]:
        """Predict images.

        Args:
            batch: Several rows of ``decode``.

        Yields:
            The number of each image and its rows, as JSON.

        Raises:
            DysfwError: If the pipeline cannot be opened on this machine, or differs from the driver's.
        """
        pipeline = self._pipeline
        if isinstance(pipeline, DysfwError):
            raise pipeline
        pairs = zip(batch["items"], batch["images"], strict=True)
        batches = ((items_from_json(str(text)), deserialize_batch(content)) for text, content in pairs)
        for number, rows in self._task.predict_decoded(pipeline, batches):
            yield {"predicted": [json.dumps([number, rows])]}
