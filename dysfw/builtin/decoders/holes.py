"""Finds parts of compressed image data that were never written: an interrupted copy or a bad disk leaves zeros there."""

from __future__ import annotations

from ...decoding.pillow_file import damaged

# The longest run of zero bytes that is taken for data: shorter than a sector of a disk (512), longer than what encoders write
# for flat images. Measured: 29 in AVIF, HEIC and JPEG 2000, 62 in TIFF; LZW without matches would have 281. JPEG, WebP and JPEG
# 2000 with many layers may have more, which their decoders compute.
LONGEST = 320


def check_written(content: bytes, start: int = 0, end: int | None = None, *, longest: int = 0) -> None:
    """Check that compressed data have no hole.

    Args:
        content: The file.
        start: Offset of the compressed data.
        end: Their end; None for the end of the file.
        longest: Largest number of zero bytes in a row that an encoder may write here, if more than LONGEST.

    Raises:
        ImageError: truncated.
    """
    if content.find(bytes(max(LONGEST, longest) + 1), start, end) >= 0:
        raise damaged("a part of it was never written")
