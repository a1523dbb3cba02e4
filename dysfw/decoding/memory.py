"""Tells lack of memory from damage, since decoding libraries report both as errors of the file."""

from __future__ import annotations

import numpy as np

from ..errors import ImageError

CODE = "out_of_memory"
BYTES_PER_PIXEL = 16  # that decoding needs at most for an image in 8 bits: four channels as 32-bit numbers


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
