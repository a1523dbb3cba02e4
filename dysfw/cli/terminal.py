"""How commands speak: data to stdout, everything else to stderr, nothing that moves unless somebody is watching."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from ..errors import DysfwError

if TYPE_CHECKING:  # rich takes as long to import as `dysfw --help` to run
    from rich.console import Console

T = TypeVar("T")
PIPE_WIDTH = 160  # columns where there is no terminal to ask
SHOW_AFTER = 1.0  # s: shorter work shows no progress
LINE_EVERY = 10.0  # s between progress lines where there is no terminal


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, soft_wrap=stderr, width=None if stream.isatty() else PIPE_WIDTH)


def out() -> Console:
    """For what was asked for."""
    return _console(stderr=False)


def err() -> Console:
    """For everything else."""
    return _console(stderr=True)


def print_error(error: DysfwError) -> None:
    from rich.markup import escape

    console = err()
    console.print(f"[bold red]error[/] {escape(error.message)}")
    if error.hint:
        console.print(f"  {escape(error.hint)}", style="dim")


def warn(message: str) -> None:
    from rich.markup import escape

    err().print(f"[yellow]warning[/] {escape(message)}")


class TerminalProgress:
    """A bar with rate and time left on a terminal; elsewhere a line now and then."""

    def track(self, items: Iterable[T], what: str, total: int, unit: str) -> Iterator[T]:
        console = err()
        yield from (
            self._bar(console, items, what, total, unit) if console.is_terminal else self._lines(items, what, total, unit)
        )

    def note(self, text: str) -> None:
        err().print(text, markup=False)

    def _bar(self, console: Console, items: Iterable[T], what: str, total: int, unit: str) -> Iterator[T]:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        started = time.monotonic()
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task(what, total=total, rate="")
            for number, item in enumerate(items, 1):
                progress.update(task, completed=number, rate=_rate(number, started, unit))
                yield item
        self._summary(what, total, unit, started)

    def _lines(self, items: Iterable[T], what: str, total: int, unit: str) -> Iterator[T]:
        started = said = time.monotonic()
        for number, item in enumerate(items, 1):
            if time.monotonic() - said > LINE_EVERY:
                said = time.monotonic()
                self.note(f"{what}: {number}/{total}, {_rate(number, started, unit)}")
            yield item
        self._summary(what, total, unit, started)

    def _summary(self, what: str, total: int, unit: str, started: float) -> None:
        elapsed = time.monotonic() - started
        if elapsed > SHOW_AFTER:
            self.note(f"{what}: {total} {unit} in {elapsed:.1f} s ({_rate(total, started, unit)})")


def _rate(done: int, started: float, unit: str) -> str:
    return f"{done / max(time.monotonic() - started, 1e-9):.2g} {unit}/s"
