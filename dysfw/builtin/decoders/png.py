"""The decoder ``png``.

Only the chunks that shape the pixels reach the decoding library, each with a checked checksum: a damaged comment costs no
intact image, and damaged pixels are never shown.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import PngImagePlugin

from ...decoding.decoded import DecodedImage
from ...decoding.depth import SIXTEEN_BIT, check_white, to_8_bit
from ...decoding.exif import DAMAGED, orientation_of
from ...decoding.limits import check_single, check_size
from ...decoding.pillow_file import damaged, pillow_file
from ...decoding.srgb import to_srgb
from ...types import Notice

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
COLOUR = b"iCCP"
EXIF = (b"eXIf", b"zTXt", b"tEXt")  # ImageMagick keeps EXIF data in a text chunk
RAW_EXIF = b"Raw profile type exif"
MAX_PROFILE = 16 * 2**20  # bytes


def decode_png(content: bytes) -> DecodedImage:
    """Decode a PNG file."""
    chunks, notices = list(_chunks(content)), []
    header = next((body for name, body, _ in chunks if name == b"IHDR"), b"")
    if len(header) != 13 or chunks[-1][0] != b"IEND":
        raise damaged("the header or the end is missing")
    check_size(*struct.unpack(">II", header[:8]))
    for name, body, intact in chunks:
        if name in PIXELS and not intact:
            raise damaged(f"wrong checksum of {name.decode()}")
        if name == b"acTL" and len(body) == 8:
            check_single(int.from_bytes(body[:4], "big"))
    plain = b"".join([SIGNATURE, *(_chunk(name, body) for name, body, _ in chunks if name in PIXELS)])
    with pillow_file(plain, PngImagePlugin.PngImageFile) as image:
        image.load()
        orientation, more = _orientation(chunks)
        profile, lost = _profile(chunks)
        notices += [*more, *lost]
        depth = header[8]
        eight = image
        if image.mode.startswith("I"):
            values = np.asarray(image).astype(np.uint16)
            eight = _grey_8_bit(values, image, header)
        elif depth == 16:  # Pillow keeps the upper byte
            check_white(_brightest(image) << 8 | 0xFF)
        if depth == 16:
            notices.append(SIXTEEN_BIT)
        return to_srgb(eight, profile=profile, orientation=orientation, notices=notices)


def _brightest(image: Pillow.Image) -> int:
    """The largest value of the colour channels, without alpha."""
    colours = [band for name, band in zip(image.getbands(), image.split(), strict=True) if name != "A"]
    return max(int(np.asarray(band).max()) for band in colours)


def _grey_8_bit(values: npt.NDArray[np.uint16], image: Pillow.Image, header: bytes) -> Pillow.Image:
    """16-bit grey as 8 bits; a transparent value becomes an alpha channel."""
    grey = Pillow.fromarray(to_8_bit(values))
    transparent = image.info.get("transparency")
    if not isinstance(transparent, int):
        return grey
    grey = grey.convert("LA")
    grey.putalpha(Pillow.fromarray(np.where(values == transparent, 0, 255).astype(np.uint8)))
    return grey


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Name, content and whether the checksum is right, of each chunk up to the end or to where the file breaks off."""
    position = len(SIGNATURE)
    while position + 12 <= len(content):
        length = int.from_bytes(content[position : position + 4], "big")
        name, end = content[position + 4 : position + 8], position + 8 + length
        if end + 4 > len(content):
            raise damaged("a chunk is cut off")
        body = content[position + 8 : end]
        yield name, body, zlib.crc32(body, zlib.crc32(name)) == int.from_bytes(content[end : end + 4], "big")
        if name == b"IEND":
            return
        position = end + 4
    raise damaged("the end is missing")


def _chunk(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + name + body + zlib.crc32(body, zlib.crc32(name)).to_bytes(4, "big")


def _orientation(chunks: list[tuple[bytes, bytes, bool]]) -> tuple[int, list[Notice]]:
    """Orientation and notices, read with Pillow from an image of one pixel that carries the file's EXIF chunk."""
    kept = [(name, body) for name, body, _ in chunks if name == b"eXIf" or (name in EXIF and body.startswith(RAW_EXIF + b"\0"))]
    if not kept:
        return 1, []
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    tiny = [SIGNATURE, header, *(_chunk(*one) for one in kept), _chunk(b"IDAT", zlib.compress(b"\0\0")), _chunk(b"IEND", b"")]
    try:
        with PngImagePlugin.PngImageFile(io.BytesIO(b"".join(tiny))) as image:
            image.load()
            return orientation_of(image)
    except Exception:  # the parser may raise anything on damaged data
        return 1, [DAMAGED]


def _profile(chunks: list[tuple[bytes, bytes, bool]]) -> tuple[bytes | None, list[Notice]]:
    """The colour profile, if it can be unpacked."""
    for name, body, intact in chunks:
        if name == COLOUR:
            unpacking = zlib.decompressobj()
            try:
                profile = unpacking.decompress(body.partition(b"\0")[2][1:], MAX_PROFILE)
            except zlib.error:
                profile = b""
            if intact and profile and unpacking.eof:
                return profile, []
            return None, [Notice("colour_profile", "the embedded colour profile is damaged; colours may differ slightly")]
    return None, []
