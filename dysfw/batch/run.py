"""Batches: predictions for many images in one table, resumable after an interruption."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..decoding.memory import CODE as OUT_OF_MEMORY
from ..errors import DysfwError
from ..inference.pipeline import Pipeline
from ..util.locks import folder_lock
from ..util.paths import local_path
from ..util.progress import Progress
from ..util.text import count, listed
from .remote import is_address
from .rows import Row, origin_of, schema_of
from .runner import BatchRunner, BatchTask
from .shard import Shard
from .source import MAX_CONSECUTIVE_UNREADABLE, Listing
from .work_directory import PART_SIZE, Summary, WorkDirectory, clear, discard, read_job, summarize

UNREAD = ("missing_file", "unreadable")  # codes of images of which no byte could be read
ImageRows = tuple[int, list[Row]]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """A batch of images.

    Attributes:
        task: What to do with each image.
        pipeline: The task's pipeline, opened on this machine.
        listing: The images.
        shard: The shard of them to process.
        runner: Where the work is done.
        progress: Shows progress and notes.
        warn: Called with each warning.
    """

    task: BatchTask
    pipeline: Pipeline
    listing: Listing
    shard: Shard
    runner: BatchRunner
    progress: Progress
    warn: Callable[[str], None]

    def run(self, output: Path, *, fresh: bool = False) -> Summary:
        """Predict from all images and write the table. Finished work is not repeated.

        Args:
            output: The Parquet file to write.
            fresh: Whether to discard unfinished and finished work first.

        Returns:
            A summary of the table.

        Raises:
            DysfwError: The output belongs to another job, another process does the same work, the source can no longer be read,
                or the disk is full. Finished parts are kept, and the same call resumes.
        """
        job = self._job()
        folder = output.with_name(f"{output.name}.unfinished")
        if output.exists():
            _reject_foreign(output, job)
        if output.exists() and not fresh:
            if folder.is_dir():  # interrupted between the last two steps
                discard(folder)
            self.progress.note(
                f"{output} is already complete, so nothing was done. It does not include images added to {self.listing.text} "
                "since then; --fresh starts over"
            )
            return summarize(output)
        with folder_lock(folder, f"another process is working in {folder}"):
            if fresh:
                clear(folder)
            with _explain_write_errors(folder):
                work = WorkDirectory(folder, job, schema_of(self.pipeline, region_probabilities=self.task.region_probabilities))
            self._process(work, output)
            with _explain_write_errors(folder), self.progress.stage(f"writing {output}"):
                work.finish(output, origin_of(self.pipeline, job))
        return summarize(output)

    def _process(self, work: WorkDirectory, output: Path) -> None:
        listing, note = self.listing, self.progress.note
        with self.progress.stage(f"listing the images at {listing.text}"):
            total = self._list(work)
        output.unlink(missing_ok=True)  # only present with ``fresh``; must not remain beside unfinished work
        for kind, text in listing.skipped.sentences().items():
            note(f"skipped at {listing.text}: {text}, such as {listing.skipped.examples[kind][0]}")
        for finding in listing.findings:
            (self.warn if finding.severity == "warning" else note)(finding.message)
        if manifest := listing.manifest:
            note(f"{manifest} was not read; give it as SOURCE to include its labels and patients")
        pending = list(work.pending_parts(self.warn))
        done = total - sum(size for _, size in pending)
        if done:
            note(f"resuming: {done:,} of {count(total, 'image')} are done")
        results = self.runner.run(self.task, self.pipeline, work.entries(part for part, _ in pending))
        tracked = self.progress.track(_check_source(results, listing), "predicting", total, "images", start=done)
        out_of_memory: list[str] = []
        for part, rows in _complete_parts(_final(tracked, out_of_memory), dict(pending)):
            with _explain_write_errors(work.folder):
                work.write_part(part, rows)
        if out_of_memory:
            names = listed(out_of_memory, 3)
            raise DysfwError(
                f"this machine ran out of memory at {count(len(out_of_memory), 'image')}: {names}",
                hint="the parts without them are kept; free some memory, then run the same command to resume",
            )

    def _list(self, work: WorkDirectory) -> int:
        """List the images and return their number. If that fails, the folder is deleted."""
        listing, shard = self.listing, self.shard
        try:
            with _explain_write_errors(work.folder):
                total = work.list_images(item for item in listing.entries() if shard.takes(item.name))
            if not total:
                in_shard = f" in shard {shard}" if shard.number > 1 else ""
                other_files = count(listing.skipped.others + listing.skipped.system, "other file")
                raise DysfwError(f"no images at {listing.text}{in_shard} ({other_files})")
        except DysfwError:
            discard(work.folder)
            raise
        return total

    def _job(self) -> dict[str, object]:
        """Everything that determines the rows."""
        text = self.listing.text
        source = text if is_address(text) else os.path.normpath(local_path(text).absolute())
        options = {
            "source": source,
            "shard": str(self.shard),
            "all_faces": self.task.all_faces,
            "region_probabilities": self.task.region_probabilities,
        }
        return options | {key: value for key, value in self.task.fingerprints.items() if key != "device"}


def _final(results: Iterable[ImageRows], out_of_memory: list[str]) -> Iterator[ImageRows]:
    """The results that stay; images that only lacked memory have none yet, and are tried again by the next run."""
    for number, rows in results:
        if any(row.get("error_code") == OUT_OF_MEMORY for row in rows):
            out_of_memory.append(rows[0]["image"])
        else:
            yield number, rows


def _complete_parts(results: Iterable[ImageRows], sizes: dict[int, int]) -> Iterator[tuple[int, list[Row]]]:
    """Each part as soon as all its images are done, in any order."""
    parts: dict[int, dict[int, list[Row]]] = {}
    for number, rows in results:
        part = number // PART_SIZE
        part_rows = parts.setdefault(part, {})
        part_rows[number] = rows
        if len(part_rows) == sizes[part]:
            del parts[part]
            yield part, [row for n in sorted(part_rows) for row in part_rows[n]]


def _check_source(results: Iterable[ImageRows], listing: Listing) -> Iterator[ImageRows]:
    """Stop the work if the source fails, not single images: these must not be counted as done."""
    consecutive = 0
    for number, rows in results:
        code = rows[0].get("error_code")
        consecutive = consecutive + 1 if code == "unreadable" else 0
        if consecutive >= MAX_CONSECUTIVE_UNREADABLE or (code in UNREAD and not listing.is_there()):
            raise DysfwError(
                f"{listing.text} can no longer be read: {rows[0]['image']}: {rows[0]['error_message']}",
                hint="finished parts are kept; once the source is back, run the same command to resume",
            )
        yield number, rows


def _reject_foreign(output: Path, job: dict[str, object]) -> None:
    previous = read_job(output)
    if previous is None:
        raise DysfwError(f"{output} exists and is not a result of `dysfw batch`", hint="choose another output or delete it")
    if previous != job:
        names = ", ".join(sorted(name for name in {*previous, *job} if previous.get(name) != job.get(name)))
        raise DysfwError(
            f"{output} is the result of another job (different: {names})", hint="choose another output or delete it"
        )


@contextlib.contextmanager
def _explain_write_errors(folder: Path) -> Iterator[None]:
    """Turn an OSError while writing into an error with a hint."""
    try:
        yield
    except OSError as error:
        raise _write_error(error, folder) from None


def _write_error(error: OSError, folder: Path) -> DysfwError:
    full = error.errno == errno.ENOSPC or "No space left" in str(error)
    reason = "the disk is full" if full else error.strerror or str(error)
    return DysfwError(
        f"cannot write in {folder}: {reason}",
        hint="finished parts are kept; free some space, then run the same command to resume" if full else None,
    )
