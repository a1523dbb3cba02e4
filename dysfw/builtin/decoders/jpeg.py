"""The decoder ``jpeg``. Of a phone's multi-picture file it decodes the first picture, which is the primary one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from PIL import JpegImagePlugin

from ...decoding.decoded import DecodedImage
from ...decoding.exif import DAMAGED, orientation_of
from ...decoding.limits import unsupported
from ...decoding.pillow_file import damaged, pillow_file
from ...decoding.srgb import to_srgb
from ...types import Notice
from ...util.out_of_memory import is_out_of_memory
from .holes import check_written
from .jpeg_zeros import longest_zeros

SOS, END, APP0, APP14, COMMENT = 0xDA, 0xD9, 0xE0, 0xEE, 0xFE
JFIF = b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"  # says no more than that the colours are YCbCr
MARKER = re.compile(rb"\xff[^\0\xd0-\xd7\xff]")  # between image data, where 0xff is followed by 0 or a restart
FRAMES = {0xC0: "baseline", 0xC1: "extended", 0xC2: "progressive", 0xC3: "lossless", 0xC9: "arithmetic", 0xCA: "arithmetic"}
CMYK_CHANNELS = 4


def decode_jpeg(content: bytes) -> DecodedImage:
    """Decode a JPEG file."""
    if not is_whole(content):
        raise damaged("its end is missing")
    try:
        return _decode(content)
    except Exception as error:
        if is_out_of_memory(error):
            raise
        try:  # rubbish in a metadata segment?
            return _decode(_without_metadata(content), [DAMAGED])
        except Exception:
            _refuse_by_name(content)
            raise error from None


def _decode(content: bytes, notices: list[Notice] | None = None) -> DecodedImage:
    with pillow_file(content, JpegImagePlugin.JpegImageFile) as image:
        if image.mode == "CMYK" and "adobe" not in image.info:
            raise unsupported("a CMYK JPEG without Adobe's marker does not say whether its values are inverted")
        orientation, more = orientation_of(image)
        return to_srgb(image, profile=image.info.get("icc_profile"), orientation=orientation, notices=[*(notices or []), *more])


def is_whole(content: bytes) -> bool:
    """Return whether the image data end as they should.

    The library decodes what is missing to grey, and zeros, which stand where a file was never written, to anything.

    Args:
        content: A JPEG file or stream.

    Raises:
        ImageError: truncated. The image data have a hole.
    """
    segments = list(_segments(content))
    end = next((end for marker, _, end in segments if marker == SOS), None)
    if end is None:
        return True  # no image data; the library says what is wrong
    longest = longest_zeros(content, segments)
    while found := MARKER.search(content, end):
        check_written(content, end, found.start(), longest=longest)
        if content[found.end() - 1] == END:
            return True
        length = int.from_bytes(content[found.end() : found.end() + 2], "big")
        end = found.end() + length
    check_written(content, end, longest=longest)
    return False


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment up to the first scan."""
    position = 2
    while position + 4 <= len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        end = position + 2 + int.from_bytes(content[position + 2 : position + 4], "big")
        yield marker, position, end
        if marker == SOS:
            return
        position = end


def _without_metadata(content: bytes) -> bytes:
    """The file without the segments that do not shape its pixels."""
    kept = [content[:2]]
    for marker, start, end in _segments(content):
        if marker == SOS:
            kept.append(content[start:])
        elif marker == APP0:
            kept.append(JFIF)
        elif not (APP0 < marker <= APP0 + 15 or marker == COMMENT) or marker == APP14:
            kept.append(content[start:end])
    return b"".join(kept)


def _refuse_by_name(content: bytes) -> None:
    """Raise ImageError if the file is of a kind of JPEG that is not supported."""
    for marker, start, _ in _segments(content):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            bits = content[start + 4] if start + 4 < len(content) else 8
            kind = FRAMES.get(marker, "hierarchical")
            if bits != 8 or kind not in ("baseline", "extended", "progressive"):
                raise unsupported(f"this is {kind} JPEG with {bits} bits a channel")
            return
