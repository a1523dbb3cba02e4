"""Collects what is wrong with a command, so that the user reads all of it at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dysfw.plugin import DysfwError


class Problems:
    """The errors of independent checks."""

    def __init__(self) -> None:
        self._errors: list[DysfwError] = []

    @contextmanager
    def collected(self) -> Iterator[None]:
        """Keep an error of the ``with`` block for ``stop``."""
        try:
            yield
        except DysfwError as error:
            self._errors.append(error)

    def stop(self) -> None:
        """Report what was collected.

        Raises:
            DysfwError: At least one check failed.
        """
        if len(self._errors) == 1:
            raise self._errors[0]
        if self._errors:
            raise DysfwError("\n".join(map(str, self._errors)), hint="correct these options; nothing was ranked")
