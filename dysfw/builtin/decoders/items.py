"""Checks that the compressed images in HEIF and AVIF files were written, by the lists of items (ISO/IEC 14496-12, 8.11)."""

from __future__ import annotations

from collections.abc import Iterator

from ...decoding.pillow_file import damaged
from ...errors import ImageError
from .boxes import boxes
from .holes import check_written

CODED = (b"hvc1", b"av01")  # kinds of items; metadata, such as EXIF, may hold zeros
UNWRITTEN = 32  # zero bytes at the end of a compressed image, which an encoder does not write


def check_complete(content: bytes) -> None:
    """Check that the file is there to its end.

    Args:
        content: A HEIF or AVIF file.

    Raises:
        ImageError: truncated. A part is cut off, or image data are zeros: space that was reserved for a file and never written.
            Libraries decode them to wrong pixels, since these formats have no checksum.
    """
    data = [(start, end) for name, start, end in boxes(content) if name == b"mdat"]
    for start, end in _image_data(content) or data:
        if end - start > UNWRITTEN and not any(content[end - UNWRITTEN : end]):
            raise damaged("its end was never written")
        check_written(content, start, end)


def _image_data(content: bytes) -> list[tuple[int, int]]:
    """Start and end of each part of the compressed images; nothing if the file's lists cannot be read."""
    try:
        return list(_listed(content))
    except (ImageError, IndexError):
        return []  # the library says what is wrong


def _listed(content: bytes) -> Iterator[tuple[int, int]]:
    for name, start, end in boxes(content):
        if name == b"meta":
            inner = {inner: (first, last) for inner, first, last in boxes(content, start + 4, end)}
            if b"iinf" in inner and b"iloc" in inner:
                coded = _coded(content, *inner[b"iinf"])
                yield from (part for item, *part in _parts(content, *inner[b"iloc"]) if item in coded)  # type: ignore[misc]


def _coded(content: bytes, start: int, end: int) -> set[int]:
    """Numbers of the items that are compressed images."""
    found = set()
    for name, first, _ in boxes(content, start + (6 if content[start] == 0 else 8), end):
        version = content[first]
        if name == b"infe" and version >= 2:
            size = 2 if version == 2 else 4
            if content[first + 6 + size : first + 10 + size] in CODED:
                found.add(int.from_bytes(content[first + 4 : first + 4 + size], "big"))
    return found


def _parts(content: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Number of an item, and start and end of a part of it in the file."""
    version, sizes, more = content[start], content[start + 4], content[start + 5]
    offset_size, length_size, base_size, index_size = sizes >> 4, sizes & 0xF, more >> 4, more & 0xF if version else 0
    position = start + 6

    def number(size: int) -> int:
        nonlocal position
        position += size
        return int.from_bytes(content[position - size : position], "big")

    for _ in range(number(4 if version == 2 else 2)):
        if position >= end:
            return
        item = number(4 if version == 2 else 2)
        in_file = not version or not number(2) & 0xF
        number(2)  # which file: always this one
        base = number(base_size)
        for _ in range(number(2)):
            number(index_size)
            first, length = base + number(offset_size), number(length_size)
            if in_file and length:
                yield item, first, first + length
