"""Tells lack of memory from damage, since decoding libraries report both as errors of the file."""

from __future__ import annotations

import errno
import re

import numpy as np

from ..errors import ImageError

CODE = "out_of_memory"
BYTES_PER_PIXEL = 16  # that decoding needs at most for an image in 8 bits: four channels as 32-bit numbers
# What libraries say instead of raising MemoryError: Pillow ("out of memory error"), libheif ("Memory allocation error"),
# libtiff ("No space for …", "Failed to allocate memory"), OpenJPEG ("Not enough memory"), dav1d ("Out of memory"), and oneDNN,
# which computes for torch ("could not create a primitive").
_MESSAGE = re.compile(
    r"out of memory|(not enough|cannot allocate|could not allocate|unable to allocate|failed to allocate|insufficient) memory"
    r"|memory allocation|no space for|bad_alloc|enomem|can't start new thread|could not create a primitive",
    re.IGNORECASE,
)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error, or one that caused it, means that memory was lacking."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        if isinstance(cause, MemoryError) or getattr(cause, "errno", None) == errno.ENOMEM or _MESSAGE.search(str(cause)):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def lacks_memory(pixels: int) -> bool:
    """Return whether an image could not be decoded here now: some libraries call lack of memory damage.

    Args:
        pixels: Number of pixels.
    """
    try:
        np.empty(pixels * BYTES_PER_PIXEL, np.uint8)  # reserved, not written to
    except MemoryError:
        return True
    return False


def out_of_memory(doing: str) -> ImageError:
    """Make the error that says so.

    Args:
        doing: What needed the memory, as in "decoding this image".
    """
    return ImageError(
        CODE, f"this machine ran out of memory while {doing}; the file may be intact. Free memory and run the command again"
    )
