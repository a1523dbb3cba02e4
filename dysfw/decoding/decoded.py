"""What a decoder returns."""

from __future__ import annotations

from dataclasses import dataclass

from ..types import Notice, UInt8


@dataclass(frozen=True, slots=True, eq=False)
class DecodedImage:
    """The pixels of an image file.

    Attributes:
        pixels: uint8 [height, width, 3], upright, sRGB.
        notices: What decoding had to change, such as transparency or 16-bit values. They hold nothing of the file's metadata.
    """

    pixels: UInt8
    notices: tuple[Notice, ...] = ()
