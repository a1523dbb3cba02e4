"""Reduces samples of more than 8 bits to 8."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..types import Notice, UInt8
from .limits import unsupported

BLOCK = 1 << 22  # samples converted at a time, so that the wider intermediate values stay small
DARKEST_WHITE = 1 << 14  # of 16 bits: a quarter of full scale
SIXTEEN_BIT = Notice("sixteen_bit", "16-bit values were reduced to 8 bit")
DEEP = Notice("sixteen_bit", "values of more than 8 bits were reduced to 8 bit")


def to_8_bit(values: npt.NDArray[np.uint16], white: int | None = None) -> UInt8:
    """Reduce samples to 8 bits, rounded to the nearest value.

    Args:
        values: uint16 samples of any shape.
        white: The value that the file defines as full intensity, 1 to 65535; larger samples are clipped. None if it defines
            none: white is then 65535.

    Returns:
        uint8 samples of the same shape.

    Raises:
        ImageError: unsupported_pixels, if ``white`` is None and no sample is as bright as a quarter of full scale. Cameras and
            scanners store 10, 12 or 14 bits in 16-bit files in this way, and the image would come out nearly black.
    """
    if white is None:
        check_white(int(values.max(initial=0)))
    scale = white or 65535
    flat = np.ascontiguousarray(values).reshape(-1)
    reduced = np.empty(flat.shape, np.uint8)
    for start in range(0, flat.size, BLOCK):
        block = np.minimum(flat[start : start + BLOCK], scale).astype(np.uint32)
        reduced[start : start + BLOCK] = (block * 255 + scale // 2) // scale
    return reduced.reshape(values.shape)


def check_white(brightest: int) -> None:
    """Check that 16-bit samples use their range.

    Args:
        brightest: The largest sample, 0 to 65535.

    Raises:
        ImageError: unsupported_pixels, as in ``to_8_bit``.
    """
    if 0 < brightest < DARKEST_WHITE:
        bits = max(10, (brightest.bit_length() + 1) // 2 * 2)
        raise unsupported(
            f"no 16-bit value is above {brightest}, as if only {bits} bits were used, and the file does not say which value "
            "is white"
        )
