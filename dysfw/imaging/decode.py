"""Reads a photograph from disk: whatever a camera, scanner or journal hands over, with a decision for each kind.

Orientation from EXIF is applied and all metadata then dropped. Colour profiles are converted to sRGB. What loses
information (transparency, 16-bit grey) or lacks it (no colour) is noted on the image; what has no one right answer is
refused with a reason.
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

# The only decoders that are ever let loose on a file. Pillow registers a format when its module is imported; MPO is opened
# through JPEG, and has no opener of its own.
FORMATS = {
    "JPEG": JpegImagePlugin, "MPO": MpoImagePlugin, "PNG": PngImagePlugin, "WEBP": WebPImagePlugin,
    "TIFF": TiffImagePlugin, "BMP": BmpImagePlugin, "GIF": GifImagePlugin, "PPM": PpmImagePlugin,
}  # fmt: skip
EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".pgm"})
MAX_BYTES = 256 * 2**20
MAX_PIXELS = 64_000_000  # 8,000 × 8,000; decoded, 192 MB
MIN_SIDE = 32
SPARSE = 16  # of a colour photograph, one pixel in so many each way shows that it is one
_SCALE_DOWN = f"at most {MAX_PIXELS / 1e6:.0f} megapixels are read. Scale the image down"
UPRIGHT = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT, 3: Pillow.Transpose.ROTATE_180, 4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE, 6: Pillow.Transpose.ROTATE_270, 7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}  # what makes an image upright, by its EXIF orientation  # fmt: skip
ORIENTATION = 0x0112  # the EXIF tag
HEIF_BRANDS = (b"heic", b"heix", b"mif1", b"avif", b"hevc", b"msf1")


class _Quiet:
    """Within it, Pillow's warnings are ignored: of large images, which the cap below refuses, and of damaged metadata, which is
    dropped anyway. Python's own way to do so is not made for several threads at once: the first in changes it, the last out
    changes it back."""

    def __init__(self) -> None:
        self._lock, self._within = threading.Lock(), 0
        self._before: Any = None

    def __enter__(self) -> None:
        with self._lock:
            self._within += 1
            if self._within == 1:
                self._before = warnings.catch_warnings()
                self._before.__enter__()
                warnings.filterwarnings("ignore", module="PIL")

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._within -= 1
            if not self._within:
                self._before.__exit__(None, None, None)


_quiet = _Quiet()


class Remote(Protocol):
    """A photograph that is no file here. ``str()`` of it is its address."""

    def read(self, most: int) -> bytes:
        """Its bytes, as far as there are no more than ``most``. Raises ImageError."""


Source = Path | Remote


def read_image(path: Path) -> Image:
    """The photograph in a file. Raises ImageError: see ``read_bytes`` and ``decode_image``."""
    return decode_image(read_bytes(path), str(path))


def decode_image(content: bytes, source: str) -> Image:
    """The photograph that bytes hold. source: what to call it. Raises ImageError: not_an_image, animated, too_many_pixels,
    too_small, unsupported_pixels, truncated."""
    with _quiet:
        try:
            with Pillow.open(io.BytesIO(content), formats=[name for name in FORMATS if name in Pillow.OPEN]) as opened:
                _check_header(opened)
                opened.load()
                pixels, notices = _to_srgb(opened)
        except UnidentifiedImageError:
            raise ImageError("not_an_image", _what_it_is(content)) from None
        except Pillow.DecompressionBombError:
            raise ImageError("too_many_pixels", f"it is far too large; {_SCALE_DOWN}") from None
        except ImageError:
            raise
        except Exception as error:  # fed with damaged data, a decoder may raise anything (struct.error, TypeError …)
            raise ImageError("truncated", f"the image data is damaged or cut off ({error})") from None
    pixels.flags.writeable = False
    return Image(pixels, source, hashlib.sha256(content).hexdigest(), tuple(notices))


def read_bytes(path: Source) -> bytes:
    """The bytes of a photograph. Raises ImageError: missing_file, is_a_folder, unreadable, too_many_bytes, and what a remote
    one raises."""
    if not isinstance(path, Path):
        content = path.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ImageError("too_many_bytes", f"at most {MAX_BYTES // 2**20} MiB are read")
        return content
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise ImageError("is_a_folder", "this is a folder; name the images in it, for example FOLDER/*.jpg")
        if not stat.S_ISREG(status.st_mode):
            raise ImageError("unreadable", "not a regular file")
        if status.st_size > MAX_BYTES:
            raise ImageError("too_many_bytes", f"{status.st_size / 2**20:.0f} MiB; at most {MAX_BYTES // 2**20} MiB are read")
        return path.read_bytes()
    except FileNotFoundError:
        raise ImageError("missing_file", "no such file") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise ImageError("unreadable", f"cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _check_header(image: Pillow.Image) -> None:
    """Refuse by what the header says, before a pixel is decoded."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        size = f"{width} × {height} px are {width * height / 1e6:.0f} megapixels"
        raise ImageError("too_many_pixels", f"{size}; {_SCALE_DOWN}")
    if min(width, height) < MIN_SIDE:
        raise ImageError("too_small", f"{width} × {height} px; a face cannot be judged below {MIN_SIDE} px a side")
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":  # MPO: a phone's JPEG with a preview or depth map behind the photograph
        raise ImageError("animated", f"it holds {frames} pictures; save the one you mean as JPEG or PNG")
    if image.mode in ("I", "F"):
        raise ImageError("unsupported_pixels", f"pixels of mode {image.mode} have no defined white; save as 8-bit PNG or JPEG")


def _to_srgb(image: Pillow.Image) -> tuple[UInt8, list[Notice]]:
    """uint8 [H, W, 3] sRGB, upright, and notes on what that lost."""
    notices = []
    profile = image.info.get("icc_profile")
    orientation = image.getexif().get(ORIENTATION)
    # not ImageOps.exif_transpose: it writes the metadata anew, and fails where a camera filled it in wrongly
    upright = image.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else image
    if upright.mode.startswith("I;16"):
        notices.append(Notice("sixteen_bit", "16-bit grey values were reduced to 8 bit"))
        upright = Pillow.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        if np.asarray(upright.getchannel("A")).min() < 255:
            notices.append(Notice("transparency", "transparent parts were laid on white"))
        paper = Pillow.new("RGBA", upright.size, "white")
        upright = Pillow.alpha_composite(paper, upright)
    if profile:
        upright = _through_profile(upright, profile, notices)
    pixels = np.asarray(upright if upright.mode == "RGB" else upright.convert("RGB"))
    if all(_is_grey(part) for part in (pixels[::SPARSE, ::SPARSE], pixels)):  # also where grey is saved as colour
        notices.append(Notice("greyscale", "the photograph has no colour; trunks are trained on colour"))
    return pixels, notices


def _is_grey(pixels: UInt8) -> bool:
    red, green, blue = (pixels[..., channel] for channel in range(3))
    return np.array_equal(red, green) and np.array_equal(green, blue)


def _through_profile(image: Pillow.Image, profile: bytes, notices: list[Notice]) -> Pillow.Image:
    """Convert by the embedded colour profile (Display P3, Adobe RGB, a printer's CMYK …) where it is one for these pixels."""
    source = image.convert("RGB") if image.mode in ("RGBA", "P", "YCbCr") else image
    try:
        embedded, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        converted = ImageCms.buildTransform(embedded, srgb, source.mode, "RGB").apply(source)
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        notices.append(Notice("colour_profile", f"the embedded colour profile could not be used ({error})"))
        return image
    return converted.convert("L") if source.mode == "L" else converted  # grey stays grey, without rounding apart


def _what_it_is(content: bytes) -> str:
    if not content:
        return "the file is empty"
    if content[4:8] == b"ftyp" and content[8:12] in HEIF_BRANDS:
        return "HEIC/AVIF is not supported; export the photograph as JPEG or PNG"
    if content[:5] == b"%PDF-":
        return "a PDF, not an image; export the picture in it as JPEG or PNG"
    is_text = b"\0" not in content[:1024]
    return f"{'a text, ' if is_text else ''}not an image in any of: {', '.join(name for name in FORMATS if name != 'MPO')}"
