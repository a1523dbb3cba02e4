"""Unfinished work: the folder ``OUT.unfinished`` with the list of all photographs and the parts that are done.

Whatever happens at whatever moment, a part is there whole or not at all, and the list never changes: so the same command goes
on, no row is lost and none is doubled. When all parts are there they become one file, and the folder goes.
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

Tell = Callable[[str], None]
PART = 256  # photographs: what a kill costs at most
ROW_GROUP = 16_384  # rows that are written together in the finished file
JOB, LISTING = "job.json", "listing.parquet"
BASE = b"dysfw.base"  # in the list's metadata: the folder that its relative paths start from
HASH = 64  # hex digits


@dataclass(frozen=True, slots=True)
class Summary:
    """What a finished file holds."""

    rows: int
    failed: dict[str, int]


class WorkDirectory:
    """In ``folder``. job: all that decides what the rows will be, as plain JSON; the folder goes on only with the same.

    Raises DysfwError where what is there belongs to another job.
    """

    def __init__(self, folder: Path, job: dict[str, object], schema: pa.Schema) -> None:
        self.folder, self.job, self.schema = folder, job, schema
        kept = _read_job(folder / JOB) if (folder / LISTING).is_file() else None
        if kept is None:  # nothing was begun
            with atomic_write(folder / JOB) as scratch:
                scratch.write_text(json.dumps(job, indent=1), "utf-8")
        elif kept != job:
            raise DysfwError(
                f"{folder} holds unfinished work of another kind: {_differing(kept, job)}",
                hint="finish it with the command that began it, name another output, or start anew with --fresh",
            )

    def listed(self, entries: Iterable[BatchItem]) -> int:
        """How many photographs there are to judge; ``entries`` is read only where they have not been listed before."""
        from pyarrow import parquet

        path = self.folder / LISTING
        if not path.is_file():
            schema = _listing_schema().with_metadata({BASE: os.fsencode(Path.cwd())})
            with atomic_write(path) as scratch, parquet.ParquetWriter(scratch, schema, compression="zstd") as file:
                for rows in _in_parts(entries):
                    file.write_table(_listing_table(rows).cast(schema), row_group_size=PART)
        return int(parquet.read_metadata(path).num_rows)

    def pending_parts(self, tell: Tell) -> Iterator[tuple[int, int]]:
        """Number and size, in photographs, of each part that is not there yet. tell: is told of parts that cannot be read."""
        from pyarrow import parquet

        with parquet.ParquetFile(self.folder / LISTING) as file:
            for part in range(file.metadata.num_row_groups):
                if not self._has(part, tell):
                    yield part, int(file.metadata.row_group(part).num_rows)

    def entries(self, parts: Iterable[int]) -> Iterator[tuple[int, BatchItem]]:
        """The photographs of some parts with their numbers, read part by part."""
        from pyarrow import parquet

        with parquet.ParquetFile(self.folder / LISTING) as file:
            base = os.fsdecode((file.schema_arrow.metadata or {}).get(BASE, b""))
            for part in parts:
                yield from enumerate(_entries(file.read_row_group(part), base), part * PART)

    def _has(self, part: int, tell: Tell) -> bool:
        from pyarrow import parquet
        from pyarrow.lib import ArrowException

        path = self._path(part)
        try:
            return path.is_file() and parquet.read_schema(path).equals(self.schema)
        except (ArrowException, OSError) as error:
            tell(f"{path} is damaged ({error}), and its photographs are judged again")
            path.unlink(missing_ok=True)
            return False

    def write_part(self, part: int, rows: Sequence[Row]) -> None:
        """Write the rows of a part's photographs, in order."""
        import pyarrow as pa
        from pyarrow import parquet

        with atomic_write(self._path(part)) as scratch:
            parquet.write_table(pa.Table.from_pylist(list(rows), schema=self.schema), scratch)

    def finish(self, output: Path, origin: dict[bytes, bytes]) -> None:
        """Make one file of all parts, and delete the folder."""
        import pyarrow as pa
        from pyarrow import parquet

        schema = self.schema.with_metadata(origin)
        with atomic_write(output) as scratch, parquet.ParquetWriter(scratch, schema, compression="zstd") as file:
            waiting: list[pa.Table] = []
            for part in range(int(parquet.read_metadata(self.folder / LISTING).num_row_groups)):
                waiting.append(parquet.read_table(self._path(part), schema=self.schema))
                if sum(len(table) for table in waiting) >= ROW_GROUP:
                    file.write_table(pa.concat_tables(waiting).cast(schema))
                    waiting = []
            file.write_table((pa.concat_tables(waiting) if waiting else self.schema.empty_table()).cast(schema))
        discard(self.folder)

    def _path(self, part: int) -> Path:
        return self.folder / f"part-{part:08}.parquet"


def forget(folder: Path) -> None:
    """Delete all that was done, but not the lock of who deletes it. The list goes first: without it nothing counts as begun."""
    for path in sorted(folder.glob("*"), key=lambda p: p.name != LISTING):
        if path.name != LOCK:
            path.unlink(missing_ok=True)


def discard(folder: Path) -> None:
    """Delete the folder, once its work is finished."""
    forget(folder)
    shutil.rmtree(folder, ignore_errors=True)


def job_of(output: Path) -> dict[str, object] | None:
    """What a finished file was asked to be; None where it is no batch's."""
    from pyarrow import parquet
    from pyarrow.lib import ArrowException

    try:
        said = (parquet.read_schema(output).metadata or {}).get(METADATA)
        job = json.loads(said)["job"] if said else None
    except (ArrowException, OSError, ValueError, KeyError, TypeError):
        return None
    return job if isinstance(job, dict) else None


def summary_of(output: Path) -> Summary:
    """Of a finished file; a row group at a time."""
    from pyarrow import parquet

    failed: dict[str, int] = {}
    with parquet.ParquetFile(output) as file:
        for batch in file.iter_batches(columns=["error_code"]):
            for pair in batch.column(0).value_counts().to_pylist():
                if pair["values"] is not None:
                    failed[pair["values"]] = failed.get(pair["values"], 0) + pair["counts"]
        return Summary(file.metadata.num_rows, dict(sorted(failed.items())))


def _read_job(path: Path) -> dict[str, object] | None:
    if not path.is_file():
        return None
    try:
        job = json.loads(path.read_text("utf-8"))
    except (ValueError, OSError) as error:
        raise DysfwError(f"{path} cannot be read: {error}", hint="start anew with --fresh") from None
    return job if isinstance(job, dict) else {}


def _differing(then: dict[str, object], now: dict[str, object]) -> str:
    names = sorted(name for name in {*then, *now} if then.get(name) != now.get(name))
    return listed(f"{name} was {_brief(then.get(name))}, and now is {_brief(now.get(name))}" for name in names)


def _brief(value: object) -> str:
    text = str(value)
    return f"{text[:12]}…" if len(text) == HASH else text


def _in_parts(entries: Iterable[BatchItem]) -> Iterator[list[BatchItem]]:
    part: list[BatchItem] = []
    for item in entries:
        part.append(item)
        if len(part) == PART:
            yield part
            part = []
    if part:
        yield part


def _listing_schema() -> pa.Schema:
    import pyarrow as pa

    # Names of files are bytes: on Linux they may be no text.
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
    """ "3 images failed: no_face 2, truncated 1"."""
    total = sum(failed.values())
    return f"{count(total, 'image')} failed: {', '.join(f'{code} {number}' for code, number in failed.items())}"
