"""The decoders ``webp``, ``gif``, ``bmp`` and ``ppm``."""

from __future__ import annotations

import numpy as np
from PIL import BmpImagePlugin, GifImagePlugin, PpmImagePlugin, WebPImagePlugin
from PIL import Image as Pillow

from ...decoding.decoded import DecodedImage
from ...decoding.depth import SIXTEEN_BIT, to_8_bit
from ...decoding.exif import orientation_of
from ...decoding.limits import check_single, check_size, unsupported
from ...decoding.pillow_file import damaged, pillow_file
from ...decoding.srgb import to_srgb
from .holes import check_written

UNWRITTEN = 32  # zero bytes at the end of compressed image data, which an encoder does not write, except for flat areas:
BLOCKS_PER_ZERO = 16  # a lossy one at most one for so many blocks of 16 × 16 px (measured: 25)
PIXELS_PER_ZERO = 8  # a fast lossless one a bit for each pixel


def decode_webp(content: bytes) -> DecodedImage:
    """Decode a WebP file."""
    _check_webp(content)
    with pillow_file(content, WebPImagePlugin.WebPImageFile) as image:
        check_single(getattr(image, "n_frames", 1))
        orientation, notices = orientation_of(image)
        return to_srgb(image, profile=image.info.get("icc_profile"), orientation=orientation, notices=notices)


def decode_gif(content: bytes) -> DecodedImage:
    """Decode a GIF file."""
    with pillow_file(content, GifImagePlugin.GifImageFile) as image:
        check_single(getattr(image, "n_frames", 1))
        return to_srgb(image)


def decode_bmp(content: bytes) -> DecodedImage:
    """Decode a BMP file."""
    with pillow_file(content, BmpImagePlugin.BmpImageFile) as image:
        return to_srgb(image)


def decode_ppm(content: bytes) -> DecodedImage:
    """Decode a PPM, PGM or PBM file."""
    with pillow_file(content, PpmImagePlugin.PpmImageFile) as image:
        if image.mode == "F":
            raise unsupported("float values have no defined white")
        if image.mode == "I":  # 16-bit grey; the file says which value is white, and Pillow scales to it
            values = np.asarray(image).astype(np.uint16)
            return to_srgb(Pillow.fromarray(to_8_bit(values, white=65535)), notices=[SIXTEEN_BIT])
        return to_srgb(image, notices=[SIXTEEN_BIT] if _is_deep(image) else [])


def _is_deep(image: Pillow.Image) -> bool:
    """Whether an opened PPM has samples of more than 8 bits, which Pillow reduces."""
    arguments = image.tile[0].args  # type: ignore[attr-defined]  # of an opened file; the largest sample
    largest = arguments[-1] if isinstance(arguments, tuple) else arguments
    return isinstance(largest, int) and largest > 255


def _check_webp(content: bytes) -> None:
    """Check the size, which the library does not before it reserves memory, and that the data have no hole.

    The library decodes zeros, which stand where a file was never written, to wrong pixels: WebP has no checksum.
    """
    position = 12
    while position + 8 <= len(content):
        name, length = content[position : position + 4], int.from_bytes(content[position + 4 : position + 8], "little")
        data = content[position + 8 : position + 8 + length]
        zeros = 0
        if name == b"VP8X":
            check_size(1 + int.from_bytes(data[4:7], "little"), 1 + int.from_bytes(data[7:10], "little"))
        elif name == b"VP8L":
            sides = int.from_bytes(data[1:5], "little")
            width, height = 1 + (sides & 0x3FFF), 1 + (sides >> 14 & 0x3FFF)
            check_size(width, height)
            zeros = width * height // PIXELS_PER_ZERO
        elif name == b"VP8 ":
            width, height = (int.from_bytes(data[start : start + 2], "little") & 0x3FFF for start in (6, 8))
            check_size(width, height)
            zeros = -(-width // 16) * -(-height // 16) // BLOCKS_PER_ZERO
        if name in (b"VP8 ", b"VP8L"):
            if len(data) - len(data.rstrip(b"\0")) > max(UNWRITTEN, zeros):
                raise damaged("its end was never written")
            check_written(data, longest=zeros)
        position += 8 + length + length % 2
