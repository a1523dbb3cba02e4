"""Work in several processes, on arrays that they share: the same results for any number of them."""

from __future__ import annotations

import multiprocessing.connection
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from contextvars import ContextVar
from mmap import ACCESS_READ, mmap
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from ..errors import DysfwError
from .interrupts import interrupts_deferred
from .packed import CannotShareError, PackedWork, pack_work, unpack_work
from .processors import usable_processors
from .text import count, error_text
from .threads import THREAD_SETTINGS, one_thread

Context = TypeVar("Context")
Item = TypeVar("Item")
T = TypeVar("T")

STARTUP_SECONDS = 3.0  # that worker processes need to import everything; less work than this is done without them
ALIGNMENT = 64  # bytes
_nested: ContextVar[bool] = ContextVar("nested", default=False)  # whether the processors are in use already


def map_in_workers(
    work: Callable[[Context, Item], T],
    context: Context,
    items: Sequence[Item],
    note: Callable[[str], None] = lambda _: None,
    *,
    workers: int | None = None,
    patience: float = STARTUP_SECONDS,
) -> Iterator[tuple[int, T]]:
    """Call a function on each item, in as many processes as this process may use processors.

    Arrays of the context are in memory once, whatever the number of processes. Each process has one thread for linear algebra,
    so that the processes do not compete, and results do not depend on their number. The first item or two are done here: if the
    others would be done before processes are up, all are. Scripts and notebooks need no ``if __name__ == "__main__"``:
    processes do not run the main module again, and what it defines is sent to them.

    If a process dies, for lack of memory in most cases, its work is repeated by half as many processes. If the caller stops
    early or is interrupted, all processes end at once.

    Args:
        work: What to call, with the context and an item.
        context: What all items have in common. It is pickled, but never written to disk, and its arrays are read-only.
        items: The items.
        note: Receives one line if the work cannot be done as planned.
        workers: Number of processes; None for the number of usable processors.
        patience: If the work takes fewer seconds than this, no processes are started.

    Yields:
        The number of each item and its result, as soon as it is known.

    Raises:
        DysfwError: A process died while it was the only one.
    """
    if len(items) == 1:  # alone, it may start processes of its own
        with one_thread():
            result = work(context, items[0])
        yield 0, result
        return
    remaining = dict(enumerate(items))
    workers = 1 if _nested.get() else min(workers or usable_processors(), max(1, len(items) - 1))
    took: list[float] = []  # s an item
    for number in list(remaining):
        if workers > 1 and _is_slow(took, len(remaining), patience):
            break
        began = time.monotonic()
        result = work_alone(work, context, remaining.pop(number))
        took.append(time.monotonic() - began)
        yield number, result
    while remaining:
        try:
            yield from _in_processes(work, context, remaining, workers)
        except BrokenProcessPool:
            if workers == 1:
                raise DysfwError(
                    "a worker process was killed, although it was the only one; in most cases the machine had no memory left",
                    hint="free some memory, then run the same command again",
                ) from None
            workers = max(1, workers // 2)
            note(f"a worker process was killed, in most cases for lack of memory; continuing with {workers}")
        except CannotShareError as error:
            note(f"working in one process: {error}")
            for number in list(remaining):
                yield number, work_alone(work, context, remaining.pop(number))


def _is_slow(took: list[float], remaining: int, patience: float) -> bool:
    """Whether the remaining items take longer than ``patience``, in seconds, by what the others took.

    The first item often includes the import of a library, so it tells nothing unless it is itself slow.
    """
    known = took[1:] or [seconds for seconds in took if seconds >= patience]
    return bool(known) and sum(known) / len(known) * remaining > patience


def work_alone(work: Callable[[Context, Item], T], context: Context, item: Item) -> T:
    """Do one item as worker processes do it: with one thread for linear algebra, and without further processes.

    Args:
        work: What to call.
        context: What all items have in common.
        item: The item.

    Returns:
        What the function returned.
    """
    token = _nested.set(True)
    try:
        with one_thread():
            return work(context, item)
    finally:
        _nested.reset(token)


def _in_processes(
    work: Callable[[Context, Item], T], context: Context, remaining: dict[int, Item], workers: int
) -> Iterator[tuple[int, T]]:
    """Do the remaining items, and remove each from ``remaining`` before it is yielded."""
    from loky.backend import get_context  # its processes do not run the main module again, as those of Python do

    with _shared(pack_work(work, context)) as shared:
        try:
            own = get_context("loky")
            alive, running = own.Pipe(duplex=False)  # closed as soon as the processes are to end
            pool = ProcessPoolExecutor(workers, own, initializer=_start_worker, initargs=(alive, *shared))
        except (OSError, ImportError, NotImplementedError) as error:  # such as a system without semaphores
            raise CannotShareError(f"no other can be started ({error_text(error)})") from None
        try:
            futures = _submitted(pool, remaining)
            for future in as_completed(futures):
                result = future.result()
                del remaining[futures[future]]
                yield futures[future], result
        except BaseException:
            running.close()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            running.close()
            alive.close()


def _submitted(pool: ProcessPoolExecutor, remaining: dict[int, Item]) -> dict[Future[Any], int]:
    """Submit all items, which starts the processes."""
    try:
        with interrupts_deferred():
            return {pool.submit(_work, item): number for number, item in remaining.items()}
    except OSError as error:  # such as a limit on the number of processes
        raise CannotShareError(f"no other can be started ({error_text(error)})") from None


@contextmanager
def _shared(packed: PackedWork) -> Iterator[tuple[Path, bytes, list[tuple[int, int]]]]:
    """Write the arrays of a context to a private file, which the processes map into memory.

    Yields:
        The file, the pickled rest, and offset and length of each array.
    """
    with tempfile.TemporaryDirectory(prefix="dysfw-", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "arrays"
        try:
            with file.open("wb") as opened:
                places = list(_write(packed.arrays, opened.write))
        except OSError as error:
            raise CannotShareError(f"{count(packed.size, 'byte')} cannot be written to {folder} "
                                    f"({error.strerror or error})") from None  # fmt: skip
        yield file, packed.pickled, places


def _write(arrays: Iterable[memoryview], write: Callable[[memoryview | bytes], int]) -> Iterator[tuple[int, int]]:
    offset = 0
    for raw in arrays:
        write(raw)
        write(bytes(-raw.nbytes % ALIGNMENT))
        yield offset, raw.nbytes
        offset += raw.nbytes + -raw.nbytes % ALIGNMENT


# In a worker process: the function and the context, or why there is none.
_worker: tuple[Callable[[Any, Any], Any], Any] | CannotShareError = CannotShareError("this is no worker process")


def _start_worker(alive: Connection, file: Path, pickled: bytes, places: list[tuple[int, int]]) -> None:
    global _worker  # noqa: PLW0603  # the only way from the initializer of a pool to its work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends this process
    threading.Thread(target=_exit_after, args=(alive,), daemon=True).start()
    os.environ.update(dict.fromkeys(THREAD_SETTINGS, "1"))  # of libraries that are imported later
    try:
        with file.open("rb") as opened:
            mapped = memoryview(mmap(opened.fileno(), 0, access=ACCESS_READ) if file.stat().st_size else b"")
        _worker = unpack_work(pickled, [mapped[start : start + length] for start, length in places])
    except CannotShareError as error:
        _worker = error
    except OSError as error:
        _worker = CannotShareError(f"a process cannot read {file} ({error.strerror or error})")


def _exit_after(alive: Connection) -> None:
    """End this process when the parent closes its end of the pipe, or dies."""
    multiprocessing.connection.wait([alive])
    os._exit(1)


def _work(item: object) -> Any:  # noqa: ANN401  # what the function of ``map_in_workers`` returns
    if isinstance(_worker, CannotShareError):
        raise _worker
    work, context = _worker
    try:
        return work_alone(work, context, item)
    except DysfwError as error:
        raise DysfwError(error.message, hint=error.hint) from None  # subclasses may need more than pickle keeps
