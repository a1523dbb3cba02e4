"""The sizes of images that are decoded. A decoder checks them by the file's header, before it spends memory."""

from __future__ import annotations

import threading

from ..errors import ImageError

MAX_PIXELS = 64_000_000  # 8,000 × 8,000; decoded, 192 MB
MIN_SIDE = 32  # px
_checked = threading.local()  # number of pixels that this thread checked last
_SCALE_DOWN = f"the maximum is {MAX_PIXELS / 1e6:.0f} megapixels. Scale the image down"


def check_size(width: int, height: int) -> None:
    """Check the size of an image.

    Args:
        width: Width in px, as the header says.
        height: Height in px.

    Raises:
        ImageError: too_many_pixels or too_small.
    """
    _checked.pixels = width * height
    if width * height > MAX_PIXELS:
        size = f"{width} × {height} px are {width * height / 1e6:.0f} megapixels"
        raise ImageError("too_many_pixels", f"{size}; {_SCALE_DOWN}")
    if min(width, height) < MIN_SIDE:
        raise ImageError("too_small", f"{width} × {height} px; the minimum is {MIN_SIDE} px on each side")


def forget_checked() -> None:
    """Begin another image, whose size is not known yet."""
    _checked.pixels = 0


def checked_pixels() -> int:
    """Return the number of pixels of the image that this thread decodes, 0 if its size was never known."""
    return getattr(_checked, "pixels", 0)


def check_single(images: int) -> None:
    """Check that a file holds one image: which of several is meant, nobody can know.

    Args:
        images: Number of images in the file.

    Raises:
        ImageError: animated.
    """
    if images > 1:
        raise ImageError("animated", f"the file holds {images} images; save one of them as JPEG or PNG")


def unsupported(found: str) -> ImageError:
    """Make the error for pixels that cannot be shown without guessing.

    Args:
        found: What the pixels are, as in "32-bit float values have no defined white".
    """
    return ImageError("unsupported_pixels", f"{found}; save the image as 8-bit PNG or JPEG")
