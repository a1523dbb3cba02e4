"""Converts decoded pixels of any colour space to sRGB."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image as Pillow
from PIL import ImageCms

from ..types import Notice
from ..util.out_of_memory import is_out_of_memory
from .decoded import DecodedImage
from .exif import upright

TRANSPARENCY = Notice("transparency", "transparent parts were placed on white")


def to_srgb(
    image: Pillow.Image, *, profile: bytes | None = None, orientation: int = 1, notices: Sequence[Notice] = ()
) -> DecodedImage:
    """Make an image upright, place it on white if it has transparent parts, and convert it to sRGB.

    Args:
        image: 8 bits a channel, of any mode that Pillow converts to RGB: grey, RGB, CMYK, palette, with or without alpha.
        profile: The ICC profile of its colours; None for sRGB.
        orientation: EXIF orientation, 1 to 8; 1 if it is upright.
        notices: Notices so far.

    Returns:
        The image.
    """
    collected = list(notices)
    image = upright(image, orientation)
    if image.has_transparency_data:
        image = _on_white(image, collected)
    if profile:
        image = _through_profile(image, profile, collected)
    pixels = np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
    return DecodedImage(pixels, tuple(collected))


def _on_white(image: Pillow.Image, notices: list[Notice]) -> Pillow.Image:
    image = image.convert("RGBA")
    if image.getchannel("A").getextrema() == (255, 255):
        return image.convert("RGB")
    notices.append(TRANSPARENCY)
    return Pillow.alpha_composite(Pillow.new("RGBA", image.size, "white"), image)


def _through_profile(image: Pillow.Image, profile: bytes, notices: list[Notice]) -> Pillow.Image:
    """Convert by the embedded colour profile (Display P3, Adobe RGB, a printer's CMYK …), if it fits these pixels."""
    source = image.convert("RGB") if image.mode in ("RGBA", "P", "YCbCr") else image
    try:
        embedded, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        converted = ImageCms.buildTransform(embedded, srgb, source.mode, "RGB").apply(source)
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        if is_out_of_memory(error):
            raise
        notices.append(Notice("colour_profile", "the embedded colour profile could not be used; colours may differ slightly"))
        return image
    # grey stays grey: no rounding differences between channels
    return converted.convert("L") if source.mode == "L" else converted
