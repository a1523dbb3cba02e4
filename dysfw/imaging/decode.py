"""Reads a photograph from disk: whatever a camera, scanner or journal hands over, with a decision for each kind.

Orientation from EXIF is applied and all metadata then dropped. Colour profiles are converted to sRGB. What loses
information (transparency, 16 bit, grey) is noted on the image; what has no one right answer is refused with a reason.
"""

from __future__ import annotations

import hashlib
import io
import stat
import warnings
from pathlib import Path

import numpy as np
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    ImageCms,
    ImageOps,
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
from ..types import Image, Notice

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
HEIF_BRANDS = (b"heic", b"heix", b"mif1", b"avif", b"hevc", b"msf1")


def read_image(path: Path) -> Image:
    """The photograph in a file. Raises ImageError: missing_file, is_a_folder, unreadable, too_many_bytes, not_an_image,
    animated, too_many_pixels, too_small, unsupported_pixels, truncated."""
    content = _read_bytes(path)
    with warnings.catch_warnings():
        # Pillow only warns of large images; the cap below refuses them before anything is decoded.
        warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
        try:
            with Pillow.open(io.BytesIO(content), formats=[name for name in FORMATS if name in Pillow.OPEN]) as opened:
                _check_header(opened)
                opened.load()
                pixels, notices = _to_srgb(opened)
        except UnidentifiedImageError:
            raise ImageError("not_an_image", _what_it_is(content)) from None
        except Pillow.DecompressionBombError:
            raise ImageError("too_many_pixels", f"more than {MAX_PIXELS / 1e6:.0f} megapixels") from None
        except (OSError, SyntaxError, ValueError, EOFError) as error:
            raise ImageError("truncated", f"the image data is damaged or cut off ({error})") from None
    pixels.flags.writeable = False
    return Image(pixels, str(path), hashlib.sha256(content).hexdigest(), tuple(notices))


def _read_bytes(path: Path) -> bytes:
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
        megapixels = f"{width} × {height} px are {width * height / 1e6:.0f} megapixels"
        raise ImageError("too_many_pixels", f"{megapixels}; at most {MAX_PIXELS / 1e6:.0f} are read. Scale the image down")
    if min(width, height) < MIN_SIDE:
        raise ImageError("too_small", f"{width} × {height} px; a face cannot be judged below {MIN_SIDE} px a side")
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":  # MPO: a phone's JPEG with a preview or depth map behind the photograph
        raise ImageError("animated", f"it holds {frames} pictures; save the one you mean as JPEG or PNG")
    if image.mode in ("I", "F"):
        raise ImageError("unsupported_pixels", f"pixels of mode {image.mode} have no defined white; save as 8 or 16 bit")


def _to_srgb(image: Pillow.Image) -> tuple[np.ndarray[tuple[int, int, int], np.dtype[np.uint8]], list[Notice]]:
    """uint8 [H, W, 3] sRGB, upright, and notes on what that lost."""
    notices = []
    profile = image.info.get("icc_profile")
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I;16"):
        notices.append(Notice("sixteen_bit", "16-bit grey values were reduced to 8 bit"))
        upright = Pillow.fromarray((np.asarray(upright).astype(np.uint32) * 255 // 65535).astype(np.uint8))
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        if np.asarray(upright.getchannel("A")).min() < 255:
            notices.append(Notice("transparency", "transparent parts were laid on white"))
        paper = Pillow.new("RGBA", upright.size, "white")
        upright = Pillow.alpha_composite(paper, upright)
    if profile:
        upright = _through_profile(upright, profile, notices)
    if upright.mode in ("1", "L", "LA"):
        notices.append(Notice("greyscale", "the photograph has no colour; trunks are trained on colour"))
    return np.array(upright.convert("RGB")), notices


def _through_profile(image: Pillow.Image, profile: bytes, notices: list[Notice]) -> Pillow.Image:
    """Convert by the embedded colour profile (Display P3, Adobe RGB, a printer's CMYK …) where it is one for these pixels."""
    source = image.convert("RGB") if image.mode in ("RGBA", "P") else image
    try:
        converted = ImageCms.profileToProfile(
            source, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        notices.append(Notice("colour_profile", f"the embedded colour profile could not be used ({error})"))
        return image
    if converted is None or source.mode == "L":  # a grey profile only bends the tone curve: keep grey recognisable as grey
        return image
    return converted


def _what_it_is(content: bytes) -> str:
    if not content:
        return "the file is empty"
    if content[4:8] == b"ftyp" and content[8:12] in HEIF_BRANDS:
        return "HEIC/AVIF is not supported; export the photograph as JPEG or PNG"
    if content[:5] == b"%PDF-":
        return "a PDF, not an image; export the picture in it as JPEG or PNG"
    is_text = b"\0" not in content[:1024]
    return f"{'a text, ' if is_text else ''}not an image in any of: {', '.join(name for name in FORMATS if name != 'MPO')}"
