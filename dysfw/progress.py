"""How long work tells that it is alive, whoever is listening."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """What training and other long work report to; the command line shows it, a library user may ignore it."""

    def track(self, items: Iterable[T], what: str, total: int, unit: str) -> Iterator[T]:
        """Pass ``items`` through, showing how many of ``total`` have come by and how fast."""

    def note(self, text: str) -> None:
        """One line that should stay."""


class Silent:
    """Reports to nobody."""

    def track(self, items: Iterable[T], what: str, total: int, unit: str) -> Iterator[T]:
        yield from items

    def note(self, text: str) -> None:
        pass
