"""The decoder ``avif``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from PIL import AvifImagePlugin, features

from ...decoding.decoded import DecodedImage
from ...decoding.depth import DEEP
from ...decoding.exif import DAMAGED, orientation_of
from ...decoding.limits import check_single
from ...decoding.pillow_file import pillow_file
from ...decoding.srgb import to_srgb
from ...errors import ImageError
from ...types import Notice
from ...util.out_of_memory import is_out_of_memory
from .boxes import boxes
from .items import check_complete
from .nclx import nclx_to_srgb

EXIF_ITEM = re.compile(rb"(infe[\x02\x03].{3}.{4,6})Exif", re.DOTALL)  # the entry of the EXIF block in the file's list of items


def decode_avif(content: bytes) -> DecodedImage:
    """Decode an AVIF file."""
    if not features.check("avif"):
        raise ImageError("decoder_missing", "this Pillow was built without AVIF; install another: pip install --upgrade pillow")
    check_complete(content)
    try:
        return _decode(content, [])
    except Exception as error:
        if is_out_of_memory(error) or not EXIF_ITEM.search(content):
            raise
        try:  # a rubbish EXIF block?
            return _decode(EXIF_ITEM.sub(rb"\1free", content), [DAMAGED])
        except Exception:
            raise error from None


def _decode(content: bytes, notices: list[Notice]) -> DecodedImage:
    properties = dict(_properties(content))
    nclx, depths = properties.get(b"colr", b""), properties.get(b"pixi", b"")[5:]
    if depths and max(depths) > 8:
        notices = [*notices, DEEP]
    with pillow_file(content, AvifImagePlugin.AvifImageFile) as image:
        check_single(getattr(image, "n_frames", 1))
        profile = image.info.get("icc_profile")
        orientation, more = orientation_of(image)  # Pillow puts the file's own rotation in place of EXIF's
        decoded = to_srgb(image, profile=profile, orientation=orientation, notices=[*notices, *more])
    if profile or not nclx.startswith(b"nclx"):
        return decoded
    primaries, transfer = (int.from_bytes(nclx[start : start + 2], "big") for start in (4, 6))
    return DecodedImage(nclx_to_srgb(decoded.pixels, primaries, transfer), decoded.notices)


def _properties(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each property of the file's images, such as colour space and depth."""
    inside = {b"meta": 4, b"iprp": 0, b"ipco": 0}  # name -> bytes before the first box in it
    pending = [(0, len(content))]
    while pending:
        for name, start, end in boxes(content, *pending.pop()):
            if name in inside:
                pending.append((start + inside[name], end))
            elif name in (b"pixi", b"colr") and content[start : start + 4] not in (b"rICC", b"prof"):
                yield name, content[start:end]
