"""How long work tells that it is alive, whoever is listening."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """What training and other long work report to; the command line shows it, a library user may ignore it."""

    def track(
        self, items: Iterable[T], what: str, total: int, unit: str, *, start: int = 0, detail: Callable[[], str] = str
    ) -> Iterator[T]:
        """Pass ``items`` through, showing how many of ``total`` have come by, how fast, and the time left. start: how many had
        come before, in work that goes on. detail: asked for more to say of the present state."""

    def note(self, text: str) -> None:
        """One line that should stay."""


class Silent:
    """Reports to nobody."""

    def track(
        self, items: Iterable[T], what: str, total: int, unit: str, *, start: int = 0, detail: Callable[[], str] = str
    ) -> Iterator[T]:
        yield from items

    def note(self, text: str) -> None:
        pass
