"""Boxes, of which HEIF, AVIF and JPEG 2000 files consist (ISO/IEC 14496-12, 15444-1)."""

from __future__ import annotations

from collections.abc import Iterator

from ...decoding.pillow_file import damaged

UNWRITTEN = 32  # zero bytes at the end of compressed image data, which an encoder does not write


def boxes(content: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """List the boxes in a part of a file.

    Args:
        content: The file.
        start: Offset of the first box.
        end: End of the part; None for the end of the file.

    Yields:
        Name of each box, and start and end of what it holds.

    Raises:
        ImageError: truncated, if a box is longer than the part.
    """
    end = len(content) if end is None else end
    position = start
    while position + 8 <= end:
        length, name, header = int.from_bytes(content[position : position + 4], "big"), content[position + 4 : position + 8], 8
        if length == 1:
            length, header = int.from_bytes(content[position + 8 : position + 16], "big"), 16
        elif length == 0:
            if name == b"\0\0\0\0":  # padding after the last box
                return
            length = end - position
        if length < header or position + length > end:
            raise damaged("a part of it is cut off")
        yield name, position + header, position + length
        position += length


def check_complete(content: bytes) -> None:
    """Check that the file is there to its end.

    Args:
        content: A HEIF or AVIF file.

    Raises:
        ImageError: truncated. A part is cut off, or the image data end in zeros: space that was reserved for a file and never
            written. Libraries decode them to wrong pixels, since these formats have no checksum.
    """
    for name, start, end in boxes(content):
        if name == b"mdat" and end - start > UNWRITTEN and not any(content[end - UNWRITTEN : end]):
            raise damaged("its end was never written")
