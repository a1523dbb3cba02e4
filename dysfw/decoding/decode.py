"""Decodes image files into upright sRGB pixels.

Orientation and colour profile are applied, and all metadata are then dropped. A notice on the image reports lost information
(transparency, 16-bit values) or missing information (no colour). Images that cannot be decoded unambiguously are rejected with
a reason.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import threading
from pathlib import Path

import numpy as np

from ..errors import DysfwError, ImageError
from ..registry.hookspecs import DecoderSpec
from ..registry.registry import Entry, current_registry
from ..types import Image, Notice, UInt8
from ..util.out_of_memory import is_out_of_memory
from ..util.text import error_text
from .decoded import DecodedImage
from .files import read_bytes
from .formats import decoder_of
from .limits import check_size, checked_pixels, forget_checked
from .memory import lacks_memory, out_of_memory
from .pillow_file import damaged

COLOUR_CHECK_STEP = 16  # step in px of a first, fast check whether an image has colour
GREYSCALE = Notice("greyscale", "the image has no colour; backbones are trained on colour images")
_alone = threading.Lock()


def read_image(path: Path) -> Image:
    """Read and decode an image file.

    Args:
        path: The file.

    Returns:
        The image.

    Raises:
        ImageError: See ``read_bytes`` and ``decode_image``.
    """
    return decode_image(read_bytes(path), str(path))


def decode_image(content: bytes, source: str) -> Image:
    """Decode an image.

    Args:
        content: Bytes of an image file.
        source: Path or address, for messages.

    Returns:
        The image.

    Raises:
        ImageError: With the code not_an_image, animated, too_many_pixels, too_small, unsupported_pixels, truncated,
            out_of_memory, decoder_missing, decoder_failed, or one of the decoder's own.
    """
    decoded = _decode_patiently(decoder_of(content), content)
    pixels, notices = decoded.pixels, decoded.notices
    if all(_is_grey(part) for part in (pixels[::COLOUR_CHECK_STEP, ::COLOUR_CHECK_STEP], pixels)):  # even if saved as colour
        notices = (*notices, GREYSCALE)
    pixels.flags.writeable = False
    return Image(pixels, source, hashlib.sha256(content).hexdigest(), notices)


def _decode_patiently(entry: Entry[DecoderSpec], content: bytes) -> DecodedImage:
    """Decode; if that fails for lack of memory or for damage, which some libraries confuse, once more with no rival."""
    forget_checked()
    with contextlib.suppress(MemoryError, _DamagedError):
        return _decode(entry, content)
    with _alone:  # several images are decoded at a time; those that failed wait here for each other
        gc.collect()
        try:
            return _decode(entry, content)
        except MemoryError:
            raise out_of_memory("decoding this image") from None
        except _DamagedError as error:
            if lacks_memory(checked_pixels()):
                raise out_of_memory("decoding this image") from None
            raise ImageError(error.code, error.message) from None


class _DamagedError(ImageError):
    """The image data are damaged, or memory is lacking."""


def _decode(entry: Entry[DecoderSpec], content: bytes) -> DecodedImage:
    """Decode and check what the decoder returned. Raises MemoryError, _DamagedError or another ImageError."""
    try:
        decode = current_registry().decoder(entry)
    except DysfwError as error:
        raise ImageError("decoder_failed", str(error)) from None
    try:
        decoded = decode(content)
    except Exception as error:  # on damaged data a library may raise anything (struct.error, TypeError …)
        if isinstance(error, ImageError) and error.code != "truncated":
            raise
        if is_out_of_memory(error):
            raise MemoryError from None
        if isinstance(error, ImageError):
            raise _DamagedError(error.code, error.message) from None
        if isinstance(error, ImportError):
            message = f"{entry.spec.title}: the decoder of {entry.plugin.origin} does not work: {error_text(error)}"
            raise ImageError("decoder_failed", message) from None
        raise _DamagedError("truncated", damaged(error_text(error)).message) from None
    return _checked(decoded, entry)


def _checked(decoded: object, entry: Entry[DecoderSpec]) -> DecodedImage:
    pixels: object = decoded.pixels if isinstance(decoded, DecodedImage) else None
    if not (isinstance(decoded, DecodedImage) and isinstance(pixels, np.ndarray)):
        found = type(decoded).__name__
    elif pixels.dtype == np.uint8 and pixels.shape[2:] == (3,):
        check_size(pixels.shape[1], pixels.shape[0])
        return decoded
    else:
        found = f"pixels of {pixels.dtype} {list(pixels.shape)}"
    message = f"the decoder {entry.full_name} returned {found}; it must return a DecodedImage with uint8 [height, width, 3]"
    raise ImageError("decoder_failed", message)


def _is_grey(pixels: UInt8) -> bool:
    red, green, blue = (pixels[..., channel] for channel in range(3))
    return np.array_equal(red, green) and np.array_equal(green, blue)
