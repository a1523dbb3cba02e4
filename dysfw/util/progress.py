"""The interface through which long-running work reports its progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """Receives progress reports of training and other long-running work. The command line shows them."""

    def track(
        self, items: Iterable[T], what: str, total: int, unit: str, *, start: int = 0, detail: Callable[[], str] = str
    ) -> Iterator[T]:
        """Show how many items are done, how fast, and the time left. An item is done when the next one is asked for.

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

    def stage(self, what: str) -> AbstractContextManager[None]:
        """Show what is being done, during the ``with`` block, if that takes long and has no items to count.

        Args:
            what: What is being done, such as "loading the recipe".
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

    def stage(self, what: str) -> AbstractContextManager[None]:
        """Do nothing."""
        return nullcontext()

    def note(self, text: str) -> None:
        """Do nothing."""
