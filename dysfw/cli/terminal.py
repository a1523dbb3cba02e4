"""Output of commands: data on stdout, messages and progress on stderr, a progress bar only on a terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import ModuleType
from typing import TYPE_CHECKING, TextIO, TypeVar

from ..errors import DysfwError, Interrupted
from ..util.remaining import RemainingTime, about

if TYPE_CHECKING:  # rich takes as long to import as `dysfw --help` to run
    from rich.console import Console

    from .status_line import Line

T = TypeVar("T")
PIPE_WIDTH = 100_000  # columns if the output is no terminal: a program that reads it wants every line whole
HEIGHT = 25  # lines; nothing here depends on it
DEFAULT_WIDTH = 80  # columns of a terminal that does not report its size
SUMMARY_AFTER = 1.0  # s: shorter work is not summarised
LINE_EVERY = 10.0  # s between progress lines if stderr is no terminal


def _console(*, stderr: bool) -> Console:
    from .console import EncodingConsole

    width = terminal_width(sys.stderr if stderr else sys.stdout)
    # Without a height rich ignores the width of terminals that it thinks simple (TERM=dumb).
    return EncodingConsole(
        stderr=stderr, highlight=False, emoji=False, soft_wrap=stderr and not width, width=width or PIPE_WIDTH, height=HEIGHT
    )


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
    """Return the console for results (stdout). A status line that is shown disappears, since results mean that work is done."""
    if status_line := _status_line():
        status_line.hide()
    return _console(stderr=False)


def err() -> Console:
    """Return the console for messages and progress (stderr): above the status line, if one is shown."""
    status_line = _status_line()
    return (status_line and status_line.console()) or _console(stderr=True)


def _status_line() -> ModuleType | None:
    """The module of the status line, if it was ever used: importing it takes time."""
    return sys.modules.get(f"{__package__}.status_line")


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


@contextmanager
def if_interrupted(kept: Callable[[], str]) -> Iterator[None]:
    """Say what is left of the work if it is interrupted in the ``with`` block.

    Args:
        kept: Called then for a sentence that says what was kept or written, and how to continue.
    """
    try:
        yield
    except Interrupted as interrupted:
        interrupted.kept = interrupted.kept or kept()
        raise


class TerminalProgress:
    """Shows progress: a line with a bar and the time left on a terminal, otherwise a line every ten seconds.

    Args:
        clock: The time, s.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock

    def track(
        self, items: Iterable[T], what: str, total: int, unit: str, *, start: int = 0, detail: Callable[[], str] = str
    ) -> Iterator[T]:
        """Yield ``items`` and show how many are done; see ``dysfw.util.progress.Progress.track``."""
        work = _Work(what, total, unit, start=start, clock=self._clock, detail=detail)
        with _status(work.line):
            for item in items:
                yield item
                work.advance()
                if not _has_status_line() and work.is_line_due():
                    err().print(work.text(), markup=False)
        if work.elapsed > SUMMARY_AFTER and work.done > start:
            self.note(f"{what}: {work.done - start} {unit} in {work.elapsed:.1f} s ({work.rate})")

    @contextmanager
    def stage(self, what: str) -> Iterator[None]:
        """Show on a terminal what is being done; see ``dysfw.util.progress.Progress.stage``."""
        if not sys.stderr.isatty():
            yield
        elif not _has_status_line():
            err().print(f"{what} …", markup=False)
            yield
        else:
            from .status_line import stage_line

            with _status(stage_line(what, self._clock)):
                yield

    def note(self, text: str) -> None:
        """Print one line that stays on the screen."""
        err().print(text, markup=False)


def _has_status_line() -> bool:
    """Whether stderr is a terminal that can show a line and remove it again."""
    return sys.stderr.isatty() and not err().is_dumb_terminal


def _status(line: Callable[[], Line]) -> AbstractContextManager[None]:
    """Show a status line, where that is possible."""
    if not _has_status_line():
        return nullcontext()
    from .status_line import shown

    return shown(err(), line)


class _Work:
    """Work that is tracked; see ``dysfw.util.progress.Progress.track``.

    Attributes:
        done: Number of items that are done: of each, everything until the next was asked for.
    """

    def __init__(
        self, what: str, total: int, unit: str, *, start: int, clock: Callable[[], float], detail: Callable[[], str]
    ) -> None:
        self.done = start
        self._what, self._total, self._unit, self._start, self._clock, self._detail = what, total, unit, start, clock, detail
        self._began = self._printed = self._advanced = clock()
        self._remaining = RemainingTime(start, self._began)

    @property
    def elapsed(self) -> float:
        """Time since the start, s."""
        return self._clock() - self._began

    @property
    def rate(self) -> str:
        """The rate so far, such as "12 images/s" or, if it is slow, "40 s per image"."""
        each = (self._advanced - self._began) / (self.done - self._start) if self.done > self._start else 0.0
        if each <= 0:
            return ""
        if each > 1:
            return f"{each:.2g} s each" if each < 100 else f"{each:.0f} s each"
        return f"{1 / each:.2g} {self._unit}/s" if each > 0.01 else f"{1 / each:,.0f} {self._unit}/s"

    def advance(self) -> None:
        """Count one more item as done."""
        self.done += 1
        self._advanced = self._clock()
        self._remaining.advance(self.done, self._advanced)

    def is_line_due(self) -> bool:
        """Whether the last printed line is old; if so, it counts as printed now."""
        now = self._clock()
        due = now - self._printed > LINE_EVERY
        self._printed = now if due else self._printed
        return due

    def line(self) -> Line:
        """The status line."""
        from .status_line import Line

        share = self.done / self._total if self._total else None
        return Line([self._what, f"{self.done}/{self._total}", self._left(), self.rate, self._detail()], share)

    def text(self) -> str:
        """The same in one line of text."""
        parts = (f"{self._what}: {self.done}/{self._total}", self.rate, self._left(), self._detail())
        return ", ".join(filter(None, parts))

    def _left(self) -> str:
        seconds = self._remaining.seconds(self._total, self._clock())
        return f"{about(seconds)} left" if seconds is not None else ""
