"""The decoder ``jpeg2000``, for JP2 files and bare codestreams."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image as Pillow
from PIL import Jpeg2KImagePlugin, features

from ...decoding.decoded import DecodedImage
from ...decoding.depth import SIXTEEN_BIT, check_white, to_8_bit
from ...decoding.limits import check_size, unsupported
from ...decoding.pillow_file import damaged, pillow_file
from ...decoding.srgb import to_srgb
from ...errors import ImageError
from .boxes import boxes
from .holes import check_written

CODESTREAM = b"\xff\x4f\xff\x51"
CODING, TILE, END = b"\xff\x52", b"\xff\x90", b"\xff\xd9"  # markers
SPACES = {12: "CMYK", 16: "sRGB", 17: "grey", 18: "sYCC"}  # enumerated colour spaces that are decoded


def decode_jpeg2000(content: bytes) -> DecodedImage:
    """Decode a JPEG 2000 file."""
    if not features.check("jpg_2000"):
        raise ImageError(
            "decoder_missing", "this Pillow was built without JPEG 2000; install another: pip install --upgrade pillow"
        )
    depth = _depth(content)
    _check_data(content)
    profile = None if content.startswith(CODESTREAM) else _profile(content)
    with pillow_file(content, Jpeg2KImagePlugin.Jpeg2KImageFile) as image:
        image.load()
        notices = [SIXTEEN_BIT] if depth > 8 else []
        eight: Pillow.Image = image
        if image.mode.startswith("I"):
            values = np.asarray(image).astype(np.uint16)
            eight = Pillow.fromarray(to_8_bit(values, white=None if depth == 16 else 65535))
        elif depth == 16:
            colours = image.convert("RGB")
            check_white(max(high for _, high in colours.getextrema()) << 8 | 0xFF)  # type: ignore[misc]  # of three bands
        return to_srgb(eight, profile=profile, notices=notices)


def _check_data(content: bytes) -> None:
    """Raise ImageError if the image data have a hole."""
    start = content.find(CODESTREAM)
    end = next((last for name, first, last in _boxes(content) if name == b"jp2c" and first <= start < last), len(content))
    end = max(content.rfind(END, start, end), start)  # zeros may follow
    position, layers = start + 2, 1
    while position < end and content[position : position + 2] != TILE:
        if content[position : position + 2] == CODING:
            if content[position + 4] & 1:  # small parts of the image are listed one by one, and each empty one is a zero byte
                return
            layers = int.from_bytes(content[position + 6 : position + 8], "big") * (content[position + 9] + 1)
        position += 2 + max(int.from_bytes(content[position + 2 : position + 4], "big"), 2)
    channels = int.from_bytes(content[start + 40 : start + 42], "big")
    check_written(content, position, end, longest=layers * channels)  # an empty layer of a channel is a zero byte


def _boxes(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    return iter(()) if content.startswith(CODESTREAM) else boxes(content)


def _depth(content: bytes) -> int:
    """Bits of a sample, by the codestream's header. Raises ImageError if it cannot be shown."""
    start = content.find(CODESTREAM)
    header = content[start + 4 : start + 4 + 40]
    if start < 0 or len(header) < 40:
        raise damaged("the codestream is missing")
    x1, y1, x0, y0 = (int.from_bytes(header[offset : offset + 4], "big") for offset in (4, 8, 12, 16))
    check_size(max(x1 - x0, 0), max(y1 - y0, 0))
    channels = int.from_bytes(header[36:38], "big")
    kinds = [content[start + 42 + 3 * channel] for channel in range(channels) if start + 42 + 3 * channel < len(content)]
    if not kinds or channels > 4:
        raise unsupported(f"JPEG 2000 with {channels} channels")
    if any(kind & 0x80 for kind in kinds):
        raise unsupported("JPEG 2000 with negative values has no defined black")
    depth = max(kinds) + 1
    if depth > 16:
        raise unsupported(f"JPEG 2000 with {depth} bits a channel")
    return depth


def _profile(content: bytes) -> bytes | None:
    """The ICC profile in the file's header. Raises ImageError for a colour space that is not decoded."""
    for name, start, end in boxes(content):
        if name != b"jp2h":
            continue
        for inner, first, last in boxes(content, start, end):
            if inner == b"colr" and content[first] == 2:
                return content[first + 3 : last]
            if inner == b"colr" and content[first] == 1:
                space = int.from_bytes(content[first + 3 : first + 7], "big")
                if space not in SPACES:
                    raise unsupported(f"JPEG 2000 in the colour space {space}")
                return None
    return None
