"""Recognises lack of memory, and makes batches smaller until they fit."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from ..types import UInt8

T = TypeVar("T")

# What libraries say instead of raising MemoryError: Pillow ("out of memory error"), libheif ("Memory allocation error"),
# libtiff ("No space for …", "Failed to allocate memory"), OpenJPEG ("Not enough memory"), dav1d ("Out of memory"), torch
# ("can't allocate memory"), OpenVINO ("Failed to allocate 123 bytes of memory", "MaxPool … can't alloc"), oneDNN, which
# computes for torch and OpenVINO ("could not create a primitive"), and C++ ("std::bad_alloc").
_MESSAGE = re.compile(
    r"out of memory|(not enough|cannot allocate|can't allocate|could not allocate|unable to allocate"
    r"|failed to allocate( \d+ bytes of)?"
    r"|insufficient) memory|memory allocation|no space for|bad_alloc|bad allocation|enomem|can't start new thread"
    r"|could not create a primitive|can't alloc$",
    re.IGNORECASE | re.MULTILINE,
)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error, or one that caused it, means that memory was lacking, of the machine or of a GPU."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        if isinstance(cause, MemoryError) or getattr(cause, "errno", None) == errno.ENOMEM or _MESSAGE.search(str(cause)):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


class ShrinkingBatches:
    """Divides crops into batches. If memory does not suffice for one, the size is halved from then on.

    Args:
        size: Crops per batch, 1 or more.

    Attributes:
        size: Crops per batch that were not too many so far.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def run(self, function: Callable[[UInt8], T], crops: UInt8, free: Callable[[], None] = lambda: None) -> Iterator[T]:
        """Call a function on each batch.

        Args:
            function: What to call.
            crops: uint8 [N, …].
            free: Called before a smaller batch is tried.

        Yields:
            The result for each batch, in order.

        Raises:
            RuntimeError: The function failed for another reason, or memory does not suffice for one crop.
            MemoryError: As above.
        """
        done = 0
        while done < len(crops):
            part = crops[done : done + self.size]
            try:
                result = function(part)
            except (RuntimeError, MemoryError) as error:
                if len(part) == 1 or not is_out_of_memory(error):
                    raise
                self.size = len(part) // 2
                free()
                continue
            done += len(part)
            yield result
