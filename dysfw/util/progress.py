"""The interface through which long-running work reports its progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """Receives progress reports of training and other long-running work. The command line shows them."""

    def track(
        self, items: Iterable[T], what: str, total: int, unit: str, *, start: int = 0, detail: Callable[[], str] = str
    ) -> Iterator[T]:
        """Show how many items are done, how fast, and the time left.

        Args:
            items: The items.
            what: What is being done, such as "downloading".
            total: Total number of items.
            unit: What an item is called, in the plural.
            start: Number of items that were done before, in work that resumes.
            detail: Called for further text on the current state.

        Yields:
            The items, unchanged.
        """

    def note(self, text: str) -> None:
        """Show one line permanently."""


class Silent:
    """Ignores all reports."""

    def track(
        self, items: Iterable[T], what: str, total: int, unit: str, *, start: int = 0, detail: Callable[[], str] = str
    ) -> Iterator[T]:
        """Yield the items."""
        yield from items

    def note(self, text: str) -> None:
        """Do nothing."""
