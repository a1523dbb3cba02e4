"""Checks the compressed data of a TIFF page, which libtiff decodes to wrong pixels if they are damaged."""

from __future__ import annotations

import zlib
from typing import Any

from ...decoding.pillow_file import damaged
from .holes import check_written
from .jpeg import is_whole

UNCOMPRESSED, JPEG = 1, 7
DEFLATE = (8, 32946)
CHUNK = 1 << 20  # bytes that are unpacked at a time


def check_data(page: Any, content: bytes) -> None:  # noqa: ANN401  # tifffile's
    """Check that the strips or tiles are as they were written, as far as the compression can show it.

    Args:
        page: The page.
        content: The file.

    Raises:
        ImageError: truncated. A checksum is wrong (Deflate), or a part was never written.
    """
    compression = int(page.compression)
    if compression == UNCOMPRESSED:
        return
    common = page.jpegtables if compression == JPEG else None
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False):
        data = content[offset : offset + count]
        if compression in DEFLATE:
            _check_deflate(data, page.nbytes + CHUNK)
        elif compression == JPEG:
            is_whole(common[:-2] + data[2:] if common else data)  # for holes: libtiff supplies a missing end
        else:
            check_written(data)


def _check_deflate(data: bytes, most: int) -> None:
    """Unpack for the checksum, which libtiff does not compare. What unpacks to more than ``most`` bytes is left to libtiff."""
    stream = zlib.decompressobj()
    try:
        while data and not stream.eof and most > 0:
            most -= len(stream.decompress(data, CHUNK))
            data = stream.unconsumed_tail
    except zlib.error as error:
        raise damaged(error) from None
