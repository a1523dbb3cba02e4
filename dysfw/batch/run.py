"""Judges many photographs into one table; work that was stopped, however, goes on where it was."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import DysfwError
from ..inference.pipeline import Pipeline
from ..util.locks import folder_lock
from ..util.progress import Progress
from ..util.text import count
from .rows import Row, origin_of, schema_of
from .runner import BatchRunner, BatchTask
from .shard import Shard
from .source import GONE, Listing
from .work_directory import PART, Summary, WorkDirectory, discard, forget, job_of, summary_of

UNREAD = ("missing_file", "unreadable")  # codes of photographs of which not one byte could be had
Judged = tuple[int, list[Row]]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """task: what to do with each photograph; pipeline: the task's, opened here. listing, shard: which photographs. runner: who
    does it. tell: is told what could not be believed."""

    task: BatchTask
    pipeline: Pipeline
    listing: Listing
    shard: Shard
    runner: BatchRunner
    progress: Progress
    tell: Callable[[str], None]

    def run(self, output: Path, *, fresh: bool = False) -> Summary:
        """Judge what is listed into ``output``. Finished work is not done again. fresh: forget what was begun or finished.

        Raises DysfwError: a file that is no result of this job, another process at the same work, a source that is gone, a full
        disk. What was finished by then is kept, and the same call goes on from there.
        """
        job = self._job()
        folder = output.with_name(f"{output.name}.unfinished")
        if output.exists():
            _refuse_foreign(output, job)
        if output.exists() and not fresh:
            if folder.is_dir():  # killed between the last two steps
                discard(folder)
            self.progress.note(
                f"{output} is finished already, and nothing was done: what has come to {self.listing.text} since is not in it. "
                "--fresh starts anew"
            )
            return summary_of(output)
        with folder_lock(folder, f"another process is at work in {folder}"):
            if fresh:
                forget(folder)
            with _told(folder):
                work = WorkDirectory(folder, job, schema_of(self.pipeline, region_probabilities=self.task.region_probabilities))
            self._judge(work, output)
            with _told(folder):
                work.finish(output, origin_of(self.pipeline, job))
        return summary_of(output)

    def _judge(self, work: WorkDirectory, output: Path) -> None:
        listing, note = self.listing, self.progress.note
        total = self._listed(work)
        output.unlink(missing_ok=True)  # a finished one is only here with ``fresh``; else a stop now would leave two truths
        if listing.ignored:
            note(f"left out, as no photographs by their names: {count(listing.ignored, 'file')} at {listing.text}")
        if manifest := listing.manifest:
            note(f"{manifest} was not read: name it as SOURCE, and its labels and patients come along")
        pending = list(work.pending_parts(self.tell))
        done = total - sum(size for _, size in pending)
        if done:
            note(f"going on: {done:,} of {count(total, 'image')} were judged before")
        results = self.runner.run(self.task, self.pipeline, work.entries(part for part, _ in pending))
        shown = self.progress.track(_watched(results, listing), "judging", total, "images", start=done)
        for part, rows in _parts(shown, dict(pending)):
            with _told(work.folder):
                work.write_part(part, rows)

    def _listed(self, work: WorkDirectory) -> int:
        """How many photographs there are. Where they cannot be listed, nothing was begun, and nothing is left."""
        listing, shard = self.listing, self.shard
        try:
            with _told(work.folder):
                total = work.listed(item for item in listing.entries() if shard.takes(item.name))
            if not total:
                of_shard = f" in shard {shard}" if shard.number > 1 else ""
                others = count(listing.ignored, "other file")
                raise DysfwError(f"there are no photographs at {listing.text}{of_shard} ({others})")
        except DysfwError:
            discard(work.folder)
            raise
        return total

    def _job(self) -> dict[str, object]:
        """All that decides what the rows will be."""
        text = self.listing.text
        source = text if "://" in text else os.path.normpath(Path(text).expanduser().absolute())
        asked = {
            "source": source,
            "shard": str(self.shard),
            "all_faces": self.task.all_faces,
            "region_probabilities": self.task.region_probabilities,
        }
        return asked | {key: value for key, value in self.task.fingerprints.items() if key != "device"}


def _parts(results: Iterable[Judged], sizes: dict[int, int]) -> Iterator[tuple[int, list[Row]]]:
    """Each part once all its photographs have come, in whatever order."""
    under_way: dict[int, dict[int, list[Row]]] = {}
    for number, rows in results:
        part = number // PART
        own = under_way.setdefault(part, {})
        own[number] = rows
        if len(own) == sizes[part]:
            del under_way[part]
            yield part, [row for number in sorted(own) for row in own[number]]


def _watched(results: Iterable[Judged], listing: Listing) -> Iterator[Judged]:
    """Stops the work where not its photographs are at fault but their source: they must not be counted as judged."""
    in_vain = 0
    for number, rows in results:
        code = rows[0].get("error_code")
        in_vain = in_vain + 1 if code == "unreadable" else 0
        if in_vain >= GONE or (code in UNREAD and not listing.is_there()):
            raise DysfwError(
                f"{listing.text} can no longer be read: {rows[0]['image']}: {rows[0]['error_message']}",
                hint="the finished parts are kept; when it is back, the same command goes on",
            )
        yield number, rows


def _refuse_foreign(output: Path, job: dict[str, object]) -> None:
    then = job_of(output)
    if then is None:
        raise DysfwError(f"{output} exists, and is no result of `dysfw batch`", hint="name another output, or delete it first")
    if then != job:
        names = ", ".join(sorted(name for name in {*then, *job} if then.get(name) != job.get(name)))
        raise DysfwError(
            f"{output} is finished, but of another job (different: {names})", hint="name another output, or delete it first"
        )


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Turns what the system says of writing into what the user can do."""
    try:
        yield
    except OSError as error:
        raise _refused(error, folder) from None


def _refused(error: OSError, folder: Path) -> DysfwError:
    full = error.errno == errno.ENOSPC or "No space left" in str(error)
    reason = "the disk is full" if full else error.strerror or str(error)
    return DysfwError(
        f"cannot write in {folder}: {reason}",
        hint="the finished parts are kept; when there is room again, the same command goes on" if full else None,
    )
