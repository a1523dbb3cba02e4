"""Output of commands: data on stdout, messages and progress on stderr, a progress bar only on a terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TextIO, TypeVar

from ..errors import DysfwError

if TYPE_CHECKING:  # rich takes as long to import as `dysfw --help` to run
    from rich.console import Console

T = TypeVar("T")
PIPE_WIDTH = 100_000  # columns if the output is no terminal: a program that reads it wants every line whole
DEFAULT_WIDTH = 80  # columns of a terminal that does not report its size
SUMMARY_AFTER = 1.0  # s: shorter work is not summarised
LINE_EVERY = 10.0  # s between progress lines if stderr is no terminal


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    width = terminal_width(sys.stderr if stderr else sys.stdout)
    return Console(stderr=stderr, highlight=False, soft_wrap=stderr, width=width or PIPE_WIDTH)


def terminal_width(stream: TextIO) -> int | None:
    """Return the width of a terminal: COLUMNS, else what the terminal reports, else 80; None if the stream is no terminal.

    Args:
        stream: An output stream.
    """
    if not stream.isatty():
        return None
    columns = os.environ.get("COLUMNS", "")
    try:
        reported = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):  # no file, or a terminal without a size
        reported = 0
    return (int(columns) if columns.isdecimal() else 0) or reported or DEFAULT_WIDTH


def out() -> Console:
    """Return the console for results (stdout)."""
    return _console(stderr=False)


def err() -> Console:
    """Return the console for messages and progress (stderr)."""
    return _console(stderr=True)


def print_error(error: DysfwError) -> None:
    """Print an error and its hint on stderr."""
    from rich.markup import escape

    console = err()
    console.print(f"[bold red]error:[/] {escape(error.message)}")
    if error.hint:
        console.print(f"  {escape(error.hint)}", style="dim")


def warn(message: str) -> None:
    """Print a warning on stderr."""
    from rich.markup import escape

    err().print(f"[yellow]warning:[/] {escape(message)}")


class TerminalProgress:
    """Shows progress: a bar with rate and time left on a terminal, otherwise a line every ten seconds."""

    def track(
        self, items: Iterable[T], what: str, total: int, unit: str, *, start: int = 0, detail: Callable[[], str] = str
    ) -> Iterator[T]:
        """Yield ``items`` and show how many have been processed; see ``dysfw.util.progress.Progress.track``."""
        console = err()
        show = self._bar if console.is_terminal else self._lines
        work = _Work(what, total, unit, start, time.monotonic(), detail)
        yield from show(console, items, work)
        elapsed = time.monotonic() - work.started
        if elapsed > SUMMARY_AFTER:
            self.note(f"{what}: {total - start} {unit} in {elapsed:.1f} s ({work.rate(total)})")

    def note(self, text: str) -> None:
        """Print one line that stays on the screen."""
        err().print(text, markup=False)

    def _bar(self, console: Console, items: Iterable[T], work: _Work) -> Iterator[T]:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[detail]}", markup=False),
        )
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task(work.what, total=work.total, completed=work.start, rate="", detail="")
            for number, item in enumerate(items, work.start + 1):
                progress.update(task, completed=number, rate=work.rate(number), detail=work.detail())
                yield item

    def _lines(self, console: Console, items: Iterable[T], work: _Work) -> Iterator[T]:
        printed = work.started
        for number, item in enumerate(items, work.start + 1):
            if time.monotonic() - printed > LINE_EVERY:
                printed = time.monotonic()
                parts = (f"{work.what}: {number}/{work.total}", work.rate(number), f"{work.left(number)} left", work.detail())
                console.print(", ".join(filter(None, parts)), markup=False)
            yield item


@dataclass(frozen=True, slots=True)
class _Work:
    """Work that is tracked; see ``dysfw.util.progress.Progress.track``.

    Attributes:
        started: Start by the monotonic clock, s.
    """

    what: str
    total: int
    unit: str
    start: int
    started: float
    detail: Callable[[], str]

    def rate(self, done: int) -> str:
        """Return the rate so far, such as "12 images/s"."""
        return f"{(done - self.start) / max(time.monotonic() - self.started, 1e-9):.2g} {self.unit}/s"

    def left(self, done: int) -> str:
        """Return the time left at the present rate, such as "1:02:03"."""
        each = (time.monotonic() - self.started) / max(1, done - self.start)
        return str(timedelta(seconds=round(each * (self.total - done))))
