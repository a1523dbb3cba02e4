"""Shortcut features of image files, from the header alone.

Only the decoder that reads the image elsewhere is used; pixels are not decoded, and damaged metadata counts as missing. A model
never sees these values, but it sees their effects: resolution, compression, the look of a camera.
"""

from __future__ import annotations

import io
import warnings

from PIL import Image as Pillow
from PIL import JpegImagePlugin, UnidentifiedImageError

from ..decoding.formats import decoder_of

# Sum of the luminance table for quality 50 in ITU-T T.81, annex K; encoders derived from the IJG's scale it.
LUMINANCE_50 = 3688
# Name of Pillow's format by decoder; None if Pillow does not read its headers.
PILLOW_FORMATS = {
    "jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "tiff": "TIFF", "bmp": "BMP", "gif": "GIF", "ppm": "PPM", "avif": "AVIF",
    "jpeg2000": "JPEG2000", "heif": None, "dicom": None,
}  # fmt: skip
OTHER_METADATA = ("xmp", "XML:com.adobe.xmp", "comment", "photoshop", "Software", "Description", "Author")


def file_features(encoded: bytes, size: tuple[int, int] | None = None) -> dict[str, float]:
    """Extract features from the header of an image file.

    Args:
        encoded: Content of the file.
        size: Width and height in px, for a file whose header Pillow cannot read.

    Returns:
        The features by name. Names that start with "is" or "has" are 0 or 1. JPEG features are 0 for other formats.

    Raises:
        ImageError: If the file is not an image of a supported format.
        PIL.UnidentifiedImageError: If its header cannot be read, and ``size`` is None.
    """
    decoder = decoder_of(encoded).spec.name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about damaged metadata, and about large images, which are not decoded here
        try:
            image = _open(encoded, decoder)
        except Exception:
            if size is None:
                raise
            image = _Unread(size)
        with image:
            return _size(image, len(encoded)) | _kind(image, decoder) | _metadata(image) | _jpeg(image)


class _Unread(Pillow.Image):
    """An image of which only the size is known."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self._size, self._mode = size, "RGB"


def _open(encoded: bytes, decoder: str) -> Pillow.Image:
    """Open a file by its header. Raises anything if that fails."""
    form = PILLOW_FORMATS.get(decoder)
    if form is None:
        raise UnidentifiedImageError(f"Pillow does not read {decoder}")
    return Pillow.open(io.BytesIO(encoded), formats=[form])


def _size(image: Pillow.Image, length: int) -> dict[str, float]:
    width, height = image.size
    return {
        "width (px)": width,
        "height (px)": height,
        "aspect (width / height)": width / height,
        "file size (kB)": length / 1000,
        "bytes per pixel": length / (width * height),
    }


def _kind(image: Pillow.Image, decoder: str) -> dict[str, float]:
    return {f"is {form or name.upper()}": float(decoder == name) for name, form in PILLOW_FORMATS.items()} | {
        "is grey": float(image.mode in ("1", "L", "LA") or image.mode.startswith("I;16")),
        "has a palette": float(image.mode == "P"),
        "has transparency": float(image.has_transparency_data),
        "is CMYK": float(image.mode == "CMYK"),
    }


def _metadata(image: Pillow.Image) -> dict[str, float]:
    exif, dpi = image.info.get("exif", b""), image.info.get("dpi")
    return {
        "has EXIF": float(bool(exif)),
        "EXIF entries": float(_entries(exif)),
        "has a colour profile": float(bool(image.info.get("icc_profile"))),
        "has other metadata": float(any(key in image.info for key in OTHER_METADATA)),
        "has a resolution": float(dpi is not None),
        "resolution (dpi)": _first_number(dpi),
    }


def _entries(exif: bytes) -> int:
    """Count the tags in the first directory of an EXIF block."""
    try:
        block = Pillow.Exif()
        block.load(exif)
        return len(block)
    except Exception:  # the parser may raise anything for damaged data
        return 0


def _first_number(dpi: object) -> float:
    """Return x of a pair (x, y); a damaged file may contain anything else."""
    try:
        value = float(dpi[0])  # type: ignore[index]
        return value if 0 < value < 1e6 else 0.0
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return 0.0


def _jpeg(image: Pillow.Image) -> dict[str, float]:
    is_jpeg = isinstance(image, JpegImagePlugin.JpegImageFile)
    tables = getattr(image, "quantization", {})
    luminance = [float(v) for v in tables.get(0, ())]
    chrominance = [float(v) for v in tables.get(1, ())]
    sampling = JpegImagePlugin.get_sampling(image) if is_jpeg else -1
    return {
        "JPEG quality": _quality(sum(luminance)),
        "JPEG luminance table, sum": sum(luminance),
        "JPEG luminance table, first entry": luminance[0] if luminance else 0.0,
        "JPEG luminance table, last entry": luminance[-1] if luminance else 0.0,
        "JPEG chrominance table, sum": sum(chrominance),
        "has chroma subsampling": float(sampling > 0),
        "has chroma subsampling 4:2:0": float(sampling == 2),
        "is progressive": float(bool(image.info.get("progressive") or image.info.get("progression"))),
    }


def _quality(total: float) -> float:
    """Return the IJG quality, 1 to 100, of a luminance table with this sum; 0 without a table.

    The inverse of libjpeg's ``jpeg_quality_scaling``. Slightly too high below 25, where entries are clipped at 255.
    """
    if not total:
        return 0.0
    scale = 100 * total / LUMINANCE_50
    return round(min(100.0, max(1.0, (200 - scale) / 2 if scale <= 100 else 5000 / scale)), 1)
