"""Orientation of an image, from its EXIF data. Damaged metadata never cost an intact image."""

from __future__ import annotations

from PIL import Image as Pillow

from ..types import Notice

ORIENTATION = 0x0112  # the EXIF tag
UPRIGHT = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT, 3: Pillow.Transpose.ROTATE_180, 4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE, 6: Pillow.Transpose.ROTATE_270, 7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}  # transform that makes an image upright, by its orientation  # fmt: skip
DAMAGED = Notice("metadata", "damaged metadata were ignored; if they held an orientation, it was not applied")


def orientation_of(image: Pillow.Image) -> tuple[int, list[Notice]]:
    """Read the orientation of an opened image.

    Args:
        image: The image.

    Returns:
        The orientation, 1 (upright) to 8, and notices.
    """
    try:
        orientation = image.getexif().get(ORIENTATION)
    except Exception:  # the parser may raise anything on damaged data
        return 1, [DAMAGED]
    return (orientation if orientation in UPRIGHT else 1), []


def upright(image: Pillow.Image, orientation: int) -> Pillow.Image:
    """Apply an orientation.

    Args:
        image: The image as it is stored.
        orientation: 1 to 8.
    """
    # not ImageOps.exif_transpose: it rewrites the metadata, which fails if a camera filled them in wrongly
    return image.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else image
