"""The decoders ``webp``, ``gif``, ``bmp`` and ``ppm``."""

from __future__ import annotations

import numpy as np
from PIL import BmpImagePlugin, GifImagePlugin, PpmImagePlugin, WebPImagePlugin
from PIL import Image as Pillow

from ...decoding.decoded import DecodedImage
from ...decoding.depth import SIXTEEN_BIT, to_8_bit
from ...decoding.exif import orientation_of
from ...decoding.limits import check_single, unsupported
from ...decoding.pillow_file import damaged, pillow_file
from ...decoding.srgb import to_srgb

UNWRITTEN = 128  # zero bytes at the end of compressed image data, which an encoder does not write


def decode_webp(content: bytes) -> DecodedImage:
    """Decode a WebP file."""
    _check_webp_data(content)
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
        return to_srgb(image)


def _check_webp_data(content: bytes) -> None:
    """Raise ImageError if the image data end in zeros: space that was reserved for a file and never written.

    The library decodes them to wrong pixels, since WebP has no checksum.
    """
    position = 12
    while position + 8 <= len(content):
        name, length = content[position : position + 4], int.from_bytes(content[position + 4 : position + 8], "little")
        data = content[position + 8 : position + 8 + length]
        if name in (b"VP8 ", b"VP8L") and len(data) > UNWRITTEN and not any(data[-UNWRITTEN:]):
            raise damaged("its end was never written")
        position += 8 + length + length % 2
