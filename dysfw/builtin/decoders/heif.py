"""The decoder ``heif``: HEIC, which phones write. Of a file with several pictures it decodes the primary one."""

from __future__ import annotations

import numpy as np
from PIL import Image as Pillow

from ...decoding.decoded import DecodedImage
from ...decoding.depth import DEEP, to_8_bit
from ...decoding.limits import check_size
from ...decoding.srgb import to_srgb
from ...errors import ImageError
from ...types import Notice
from .items import check_complete
from .nclx import nclx_to_srgb


def decode_heif(content: bytes) -> DecodedImage:
    """Decode a HEIF file.

    The library applies rotation and mirroring (irot, imir). The EXIF orientation repeats them and must not be applied again
    (ISO/IEC 23008-12, A.2.2).
    """
    import pi_heif

    check_complete(content)
    file = pi_heif.open_heif(content, convert_hdr_to_8bit=True)
    picture = file[file.primary_index]
    check_size(*picture.size)
    notices = [Notice("several_images", f"the primary one of {len(file)} images was used")] if len(file) > 1 else []
    if picture.info["bit_depth"] > 8:
        notices.append(DEEP)
    image = _to_pillow(picture)
    profile, nclx = picture.info.get("icc_profile"), picture.info.get("nclx_profile")
    decoded = to_srgb(image, profile=profile, notices=notices)
    if nclx and not profile:
        pixels = nclx_to_srgb(decoded.pixels, nclx["color_primaries"], nclx["transfer_characteristics"])
        decoded = DecodedImage(pixels, decoded.notices)
    return decoded


def _to_pillow(picture: object) -> Pillow.Image:
    try:
        picture.load()  # type: ignore[attr-defined]
    except RuntimeError as error:
        if "Security limit" in str(error):  # which the library counts as lack of memory
            raise ImageError("too_many_pixels", "a part of the file claims to be far too large") from None
        raise
    pixels = np.asarray(picture)
    mode = picture.mode  # type: ignore[attr-defined]
    if ";16" in mode:  # grey: the library reduces only colours
        return Pillow.fromarray(to_8_bit(pixels.reshape(pixels.shape[:2]), white=65535))
    image = Pillow.frombuffer(mode, (pixels.shape[1], pixels.shape[0]), np.ascontiguousarray(pixels), "raw", mode, 0, 1)
    return image.convert("RGBA") if mode == "RGBa" else image  # premultiplied alpha
