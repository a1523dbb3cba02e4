"""Unfinished batches: the folder ``OUT.unfinished`` with the list of all images and the finished parts.

A part is written as a whole or not at all, and the list never changes. The same command can therefore resume at any moment
without losing or repeating a row. When all parts are finished, they become one file, and the folder is deleted.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DysfwError
from ..util.atomic import atomic_write
from ..util.locks import LOCK
from ..util.text import count, listed
from .item import BatchItem
from .rows import METADATA, Row

if TYPE_CHECKING:
    import pyarrow as pa

Warn = Callable[[str], None]
PART_SIZE = 256  # images; an interruption loses at most the parts in progress
ROW_GROUP_SIZE = 16_384  # rows, in the finished file
JOB, LISTING = "job.json", "listing.parquet"
BASE = b"dysfw.base"  # key in the list's metadata: the folder that relative paths start from
HASH_LENGTH = 64  # hex digits


@dataclass(frozen=True, slots=True)
class Summary:
    """Summary of a finished table.

    Attributes:
        rows: Number of rows.
        failed: Number of failed images, by error code.
    """

    rows: int
    failed: dict[str, int]


class WorkDirectory:
    """The folder of an unfinished batch.

    Args:
        folder: The folder, which must exist.
        job: Everything that determines the rows, as plain JSON.
        schema: Schema of the table.

    Raises:
        DysfwError: The folder holds the work of another job.
    """

    def __init__(self, folder: Path, job: dict[str, object], schema: pa.Schema) -> None:
        self.folder, self.job, self.schema = folder, job, schema
        previous = _read_job_file(folder / JOB) if (folder / LISTING).is_file() else None
        if previous is None:
            with atomic_write(folder / JOB) as scratch:
                scratch.write_text(json.dumps(job, indent=1), "utf-8")
        elif previous != job:
            raise DysfwError(
                f"{folder} holds unfinished work of another job: {_differences(previous, job)}",
                hint="finish it with the original command, choose another output, or start over with --fresh",
            )

    def list_images(self, entries: Iterable[BatchItem]) -> int:
        """Write the list of images, unless it exists.

        Args:
            entries: The images.

        Returns:
            Number of images in the list.
        """
        from pyarrow import parquet

        path = self.folder / LISTING
        if not path.is_file():
            schema = _listing_schema().with_metadata({BASE: os.fsencode(Path.cwd())})
            with atomic_write(path) as scratch, parquet.ParquetWriter(scratch, schema, compression="zstd") as file:
                for rows in _chunks(entries):
                    file.write_table(_listing_table(rows).cast(schema), row_group_size=PART_SIZE)
        return int(parquet.read_metadata(path).num_rows)

    def pending_parts(self, warn: Warn) -> Iterator[tuple[int, int]]:
        """Find the parts that are not finished.

        Args:
            warn: Called for each damaged part.

        Yields:
            Number of the part, and its number of images.
        """
        from pyarrow import parquet

        with parquet.ParquetFile(self.folder / LISTING) as file:
            for part in range(file.metadata.num_row_groups):
                if not self._is_finished(part, warn):
                    yield part, int(file.metadata.row_group(part).num_rows)

    def entries(self, parts: Iterable[int]) -> Iterator[tuple[int, BatchItem]]:
        """Read the images of some parts, part by part.

        Args:
            parts: Numbers of the parts.

        Yields:
            Number of an image, and the image.
        """
        from pyarrow import parquet

        with parquet.ParquetFile(self.folder / LISTING) as file:
            base = os.fsdecode((file.schema_arrow.metadata or {}).get(BASE, b""))
            for part in parts:
                yield from enumerate(_entries(file.read_row_group(part), base), part * PART_SIZE)

    def _is_finished(self, part: int, warn: Warn) -> bool:
        from pyarrow import parquet
        from pyarrow.lib import ArrowException

        path = self._path(part)
        try:
            return path.is_file() and parquet.read_schema(path).equals(self.schema)
        except (ArrowException, OSError) as error:
            warn(f"{path} is damaged ({error}); its images are predicted again")
            path.unlink(missing_ok=True)
            return False

    def write_part(self, part: int, rows: Sequence[Row]) -> None:
        """Write a part.

        Args:
            part: Number of the part.
            rows: Rows of its images, in order.
        """
        import pyarrow as pa
        from pyarrow import parquet

        with atomic_write(self._path(part)) as scratch:
            parquet.write_table(pa.Table.from_pylist(list(rows), schema=self.schema), scratch)

    def finish(self, output: Path, origin: dict[bytes, bytes]) -> None:
        """Write all parts to one file and delete the folder.

        Args:
            output: The file.
            origin: Metadata of the file.
        """
        import pyarrow as pa
        from pyarrow import parquet

        schema = self.schema.with_metadata(origin)
        with atomic_write(output) as scratch, parquet.ParquetWriter(scratch, schema, compression="zstd") as file:
            tables: list[pa.Table] = []
            for part in range(int(parquet.read_metadata(self.folder / LISTING).num_row_groups)):
                tables.append(parquet.read_table(self._path(part), schema=self.schema))
                if sum(len(table) for table in tables) >= ROW_GROUP_SIZE:
                    file.write_table(pa.concat_tables(tables).cast(schema))
                    tables = []
            file.write_table((pa.concat_tables(tables) if tables else self.schema.empty_table()).cast(schema))
        discard(self.folder)

    def _path(self, part: int) -> Path:
        return self.folder / f"part-{part:08}.parquet"


def clear(folder: Path) -> None:
    """Delete all work in a folder but not the lock. The list is deleted first: without it, no work counts as started."""
    for path in sorted(folder.glob("*"), key=lambda p: p.name != LISTING):
        if path.name != LOCK:
            path.unlink(missing_ok=True)


def discard(folder: Path) -> None:
    """Delete a folder of work."""
    clear(folder)
    shutil.rmtree(folder, ignore_errors=True)


def read_job(output: Path) -> dict[str, object] | None:
    """Read the job of a finished table.

    Args:
        output: The file.

    Returns:
        Everything that determined the rows; None if the file is not the result of a batch.
    """
    from pyarrow import parquet
    from pyarrow.lib import ArrowException

    try:
        origin = (parquet.read_schema(output).metadata or {}).get(METADATA)
        job = json.loads(origin)["job"] if origin else None
    except (ArrowException, OSError, ValueError, KeyError, TypeError):
        return None
    return job if isinstance(job, dict) else None


def summarize(output: Path) -> Summary:
    """Count the rows and failures of a finished table."""
    from pyarrow import parquet

    failed: dict[str, int] = {}
    with parquet.ParquetFile(output) as file:
        for batch in file.iter_batches(columns=["error_code"]):
            for pair in batch.column(0).value_counts().to_pylist():
                if pair["values"] is not None:
                    failed[pair["values"]] = failed.get(pair["values"], 0) + pair["counts"]
        return Summary(file.metadata.num_rows, dict(sorted(failed.items())))


def _read_job_file(path: Path) -> dict[str, object] | None:
    if not path.is_file():
        return None
    try:
        job = json.loads(path.read_text("utf-8"))
    except (ValueError, OSError) as error:
        raise DysfwError(f"{path} cannot be read: {error}", hint="start over with --fresh") from None
    return job if isinstance(job, dict) else {}


def _differences(before: dict[str, object], now: dict[str, object]) -> str:
    names = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    return listed(f"{name} was {_brief(before.get(name))}, now {_brief(now.get(name))}" for name in names)


def _brief(value: object) -> str:
    text = str(value)
    return f"{text[:12]}…" if len(text) == HASH_LENGTH else text


def _chunks(entries: Iterable[BatchItem]) -> Iterator[list[BatchItem]]:
    part: list[BatchItem] = []
    for item in entries:
        part.append(item)
        if len(part) == PART_SIZE:
            yield part
            part = []
    if part:
        yield part


def _listing_schema() -> pa.Schema:
    import pyarrow as pa

    # File names are bytes: on Linux they can be invalid text.
    fields = [("image", pa.binary()), ("name", pa.binary())]
    return pa.schema([*fields, *((name, pa.string()) for name in ("patient", "label", "source"))])


def _listing_table(entries: Sequence[BatchItem]) -> pa.Table:
    import pyarrow as pa

    columns = {
        "image": [os.fsencode(e.image) for e in entries], "name": [os.fsencode(e.name) for e in entries],
        "patient": [e.patient for e in entries], "label": [e.label for e in entries], "source": [e.source for e in entries],
    }  # fmt: skip
    return pa.table(columns, schema=_listing_schema())


def _entries(table: pa.Table, base: str) -> list[BatchItem]:
    return [
        BatchItem(os.fsdecode(row["image"]), os.fsdecode(row["name"]), row["patient"], row["label"], row["source"], base)
        for row in table.to_pylist()
    ]


def counted(failed: dict[str, int]) -> str:
    """Format numbers of failures.

    Args:
        failed: Number of failed images, by error code.

    Returns:
        Text such as "3 images failed: no_face 2, truncated 1".
    """
    total = sum(failed.values())
    return f"{count(total, 'image')} failed: {', '.join(f'{code} {number}' for code, number in failed.items())}"
