"""The line at the bottom of a terminal that says what is being done."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.live import Live
from rich.text import Text

from ..util.text import encodable, printable

if TYPE_CHECKING:
    from rich.console import Console

REFRESH = 4  # times a second
GAP = "  "
BAR_WIDTHS = (30, 20, 10)  # characters; few sizes, so that a bar is steady while the texts beside it change
ELAPSED_AFTER = 2.0  # s: before, the time does not matter
Parts = Callable[[], "Line"]


class Line:
    """The parts of a status line, and how far the work is.

    Args:
        parts: Texts, the most important first; the last ones are left out if there is no room.
        share: Fraction of the work that is done, 0 to 1; None draws no bar.
    """

    def __init__(self, parts: Sequence[str], share: float | None = None) -> None:
        self._parts = [part for part in parts if part]
        self._share = share

    def fitted(self, width: int, encoding: str) -> Text:
        """Return the line with as many parts as fit, and a bar if there is room for it.

        Args:
            width: Columns of the terminal.
            encoding: Its encoding.
        """
        texts: list[str] = []
        for part in (printable(encodable(part, encoding)) for part in self._parts):
            if texts and cell_len(GAP.join([*texts, part])) > width:
                break
            texts.append(part)
        line = Text(GAP.join(texts), no_wrap=True, overflow="ellipsis")
        room = width - cell_len(line.plain) - len(GAP)
        bar = next((size for size in BAR_WIDTHS if size <= room), 0)
        if self._share is not None and bar:
            full = int(bar * self._share)
            done, left = encodable("█", encoding), encodable("·", encoding)
            line = Text.assemble(texts[0], GAP, (done * full, "cyan"), (left * (bar - full), "dim"))
            line.append(GAP + GAP.join(texts[1:]) if texts[1:] else "")
        return line


class _Display:
    """The only status line of this process. If work begins within other work, the inner work is shown."""

    def __init__(self) -> None:
        self._shown: list[Parts] = []
        self._live: Live | None = None
        self._lock = threading.Lock()

    @property
    def console(self) -> Console | None:
        """The terminal, if a line is shown."""
        live = self._live
        return live.console if live else None

    def add(self, console: Console, parts: Parts) -> None:
        with self._lock:
            self._shown.append(parts)
            if self._live is None:
                # Results on stdout must not move to stderr, where the line is.
                self._live = Live(
                    console=console, transient=True, refresh_per_second=REFRESH, redirect_stdout=sys.stdout.isatty(),
                    get_renderable=lambda: self._render(console),
                )  # fmt: skip
                self._live.start()
            live = self._live
        live.refresh()

    def remove(self, parts: Parts) -> None:
        with self._lock:
            self._shown.remove(parts)
        if not self._shown:
            self.hide()

    def hide(self) -> None:
        """Remove the line from the screen, until other work begins."""
        with self._lock:
            live, self._live = self._live, None
        if live:
            live.stop()

    def _render(self, console: Console) -> Text:
        shown = self._shown[-1:]
        return shown[0]().fitted(console.width, console.encoding) if shown else Text()


_display = _Display()


@contextmanager
def shown(console: Console, parts: Parts) -> Iterator[None]:
    """Show a status line on a terminal during the ``with`` block.

    Args:
        console: The terminal.
        parts: Called several times a second for the line.
    """
    _display.add(console, parts)
    try:
        yield
    finally:
        _display.remove(parts)


def console() -> Console | None:
    """Return the terminal on which a status line is shown, or None. What it prints appears above the line."""
    return _display.console


def hide() -> None:
    """Remove the status line from the screen, until other work begins."""
    _display.hide()


def stage_line(what: str, clock: Callable[[], float] = time.monotonic) -> Parts:
    """A status line for work of unknown length: what is being done, and for how long.

    Args:
        what: What is being done, such as "loading recipes/dlib.yaml".
        clock: The time, s.
    """
    began = clock()

    def line() -> Line:
        elapsed = clock() - began
        return Line([f"{what} …", f"{elapsed:.0f} s" if elapsed >= ELAPSED_AFTER else ""])

    return line
