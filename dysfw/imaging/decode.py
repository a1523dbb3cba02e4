"""Decodes image files into upright sRGB pixels.

EXIF orientation is applied, and all metadata are then dropped. Colour profiles are converted to sRGB. A notice on the image
reports lost information (transparency, 16-bit grey) or missing information (no colour). Images that cannot be decoded
unambiguously are rejected with a reason.
"""

from __future__ import annotations

import hashlib
import io
import stat
import threading
import warnings
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    ImageCms,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)
from PIL import Image as Pillow

from ..errors import ImageError
from ..types import Image, Notice, UInt8

# The only decoders that are ever applied to a file. Pillow registers a format when its module is imported; MPO has no opener of
# its own and is opened through JPEG.
FORMATS = {
    "JPEG": JpegImagePlugin, "MPO": MpoImagePlugin, "PNG": PngImagePlugin, "WEBP": WebPImagePlugin,
    "TIFF": TiffImagePlugin, "BMP": BmpImagePlugin, "GIF": GifImagePlugin, "PPM": PpmImagePlugin,
}  # fmt: skip
EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".pgm"})
MAX_BYTES = 256 * 2**20
MAX_PIXELS = 64_000_000  # 8,000 × 8,000; decoded, 192 MB
MIN_SIDE = 32
COLOUR_CHECK_STEP = 16  # step in px of a first, fast check whether an image has colour
_SCALE_DOWN = f"the maximum is {MAX_PIXELS / 1e6:.0f} megapixels. Scale the image down"
UPRIGHT = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT, 3: Pillow.Transpose.ROTATE_180, 4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE, 6: Pillow.Transpose.ROTATE_270, 7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}  # transform that makes an image upright, by its EXIF orientation  # fmt: skip
ORIENTATION = 0x0112  # the EXIF tag
HEIF_BRANDS = (b"heic", b"heix", b"mif1", b"avif", b"hevc", b"msf1")


class _NoPillowWarnings:
    """Suppresses Pillow's warnings: on large images, which are rejected anyway, and on damaged metadata, which are dropped.

    ``warnings.catch_warnings`` is not thread-safe, so the first thread to enter sets the filter and the last one resets it.
    """

    def __init__(self) -> None:
        self._lock, self._users = threading.Lock(), 0
        self._catcher: Any = None

    def __enter__(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._catcher = warnings.catch_warnings()
                self._catcher.__enter__()
                warnings.filterwarnings("ignore", module="PIL")

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                self._catcher.__exit__(None, None, None)


_no_pillow_warnings = _NoPillowWarnings()


class Remote(Protocol):
    """An image that is not a local file. ``str()`` gives its address."""

    def read(self, max_bytes: int, /) -> bytes:
        """Read the image.

        Args:
            max_bytes: Maximum number of bytes to read.

        Returns:
            Its bytes.

        Raises:
            ImageError: It cannot be read.
        """


Source = Path | Remote


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
        ImageError: With the code not_an_image, animated, too_many_pixels, too_small, unsupported_pixels or truncated.
    """
    with _no_pillow_warnings:
        try:
            with Pillow.open(io.BytesIO(content), formats=[name for name in FORMATS if name in Pillow.OPEN]) as opened:
                _check_header(opened)
                opened.load()
                pixels, notices = _to_srgb(opened)
        except UnidentifiedImageError:
            raise ImageError("not_an_image", _not_an_image(content)) from None
        except Pillow.DecompressionBombError:
            raise ImageError("too_many_pixels", f"the image is far too large; {_SCALE_DOWN}") from None
        except ImageError:
            raise
        except Exception as error:  # on damaged data a decoder may raise anything (struct.error, TypeError …)
            raise ImageError("truncated", f"the image data are damaged or truncated ({error})") from None
    pixels.flags.writeable = False
    return Image(pixels, source, hashlib.sha256(content).hexdigest(), tuple(notices))


def read_bytes(path: Source) -> bytes:
    """Read the bytes of an image.

    Args:
        path: A file, or a remote image.

    Returns:
        The bytes.

    Raises:
        ImageError: With the code missing_file, is_a_folder, unreadable or too_many_bytes, or that of the remote image.
    """
    if not isinstance(path, Path):
        content = path.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ImageError("too_many_bytes", f"the file is too large; the maximum is {MAX_BYTES // 2**20} MiB")
        return content
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise ImageError("is_a_folder", "this is a folder; give the images in it, for example FOLDER/*.jpg")
        if not stat.S_ISREG(status.st_mode):
            raise ImageError("unreadable", "not a regular file")
        if status.st_size > MAX_BYTES:
            raise ImageError("too_many_bytes", f"{status.st_size / 2**20:.0f} MiB; the maximum is {MAX_BYTES // 2**20} MiB")
        return path.read_bytes()
    except FileNotFoundError:
        raise ImageError("missing_file", "no such file") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise ImageError("unreadable", f"cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _check_header(image: Pillow.Image) -> None:
    """Reject an image by its header, before any pixel is decoded."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        size = f"{width} × {height} px are {width * height / 1e6:.0f} megapixels"
        raise ImageError("too_many_pixels", f"{size}; {_SCALE_DOWN}")
    if min(width, height) < MIN_SIDE:
        raise ImageError("too_small", f"{width} × {height} px; the minimum is {MIN_SIDE} px on each side")
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":  # MPO: a phone's JPEG followed by a preview or depth map
        raise ImageError("animated", f"the file holds {frames} images; save one of them as JPEG or PNG")
    if image.mode in ("I", "F"):
        raise ImageError(
            "unsupported_pixels", f"pixels of mode {image.mode} have no defined white; save the image as 8-bit PNG or JPEG"
        )


def _to_srgb(image: Pillow.Image) -> tuple[UInt8, list[Notice]]:
    """Convert to upright sRGB, uint8 [H, W, 3], with notices on what was lost."""
    notices = []
    profile = image.info.get("icc_profile")
    orientation = image.getexif().get(ORIENTATION)
    # not ImageOps.exif_transpose: it rewrites the metadata, which fails if a camera filled them in wrongly
    upright = image.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else image
    if upright.mode.startswith("I;16"):
        notices.append(Notice("sixteen_bit", "16-bit grey values were reduced to 8 bit"))
        upright = Pillow.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        if np.asarray(upright.getchannel("A")).min() < 255:
            notices.append(Notice("transparency", "transparent parts were placed on white"))
        white = Pillow.new("RGBA", upright.size, "white")
        upright = Pillow.alpha_composite(white, upright)
    if profile:
        upright = _through_profile(upright, profile, notices)
    pixels = np.asarray(upright if upright.mode == "RGB" else upright.convert("RGB"))
    if all(
        _is_grey(part) for part in (pixels[::COLOUR_CHECK_STEP, ::COLOUR_CHECK_STEP], pixels)
    ):  # even if grey is saved as colour
        notices.append(Notice("greyscale", "the image has no colour; backbones are trained on colour images"))
    return pixels, notices


def _is_grey(pixels: UInt8) -> bool:
    red, green, blue = (pixels[..., channel] for channel in range(3))
    return np.array_equal(red, green) and np.array_equal(green, blue)


def _through_profile(image: Pillow.Image, profile: bytes, notices: list[Notice]) -> Pillow.Image:
    """Convert by the embedded colour profile (Display P3, Adobe RGB, a printer's CMYK …), if it fits these pixels."""
    source = image.convert("RGB") if image.mode in ("RGBA", "P", "YCbCr") else image
    try:
        embedded, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        converted = ImageCms.buildTransform(embedded, srgb, source.mode, "RGB").apply(source)
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        notices.append(Notice("colour_profile", f"the embedded colour profile could not be used ({error})"))
        return image
    return (
        converted.convert("L") if source.mode == "L" else converted
    )  # grey stays grey: no rounding differences between channels


def _not_an_image(content: bytes) -> str:
    """Message for bytes that are not an image in a supported format."""
    if not content:
        return "the file is empty"
    if content[4:8] == b"ftyp" and content[8:12] in HEIF_BRANDS:
        return "HEIC/AVIF is not supported; export the image as JPEG or PNG"
    if content[:5] == b"%PDF-":
        return "a PDF, not an image; export the image in it as JPEG or PNG"
    is_text = b"\0" not in content[:1024]
    supported = ", ".join(name for name in FORMATS if name != "MPO")
    return f"{'a text file, ' if is_text else ''}not an image in a supported format: {supported}"
