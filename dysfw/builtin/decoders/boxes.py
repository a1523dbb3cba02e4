"""Boxes, of which HEIF, AVIF and JPEG 2000 files consist (ISO/IEC 14496-12, 15444-1)."""

from __future__ import annotations

from collections.abc import Iterator

from ...decoding.pillow_file import damaged


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
