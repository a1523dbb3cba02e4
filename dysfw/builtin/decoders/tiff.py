"""The decoder ``tiff``: tells by its tags whether an image can be decoded right, and otherwise says what it is.

Uncompressed samples of 8 and 16 bits are read with tifffile, everything else with Pillow (libtiff), which misreads 16-bit
planes and 16-bit images whose white is 0.
"""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import TiffImagePlugin

from ...decoding.decoded import DecodedImage
from ...decoding.depth import SIXTEEN_BIT, check_white, to_8_bit
from ...decoding.exif import DAMAGED, UPRIGHT
from ...decoding.limits import check_single, check_size, unsupported
from ...decoding.pillow_file import damaged, pillow_file
from ...decoding.srgb import to_srgb
from ...types import Notice
from ...util.out_of_memory import is_out_of_memory
from .libtiff import silence_libtiff
from .tiff_data import check_data

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR = 0, 1, 2, 3, 5, 6  # photometric interpretations
OTHER_COLOURS = {4: "a transparency mask", 8: "CIE Lab", 9: "ICC Lab", 10: "ITU Lab", 32803: "raw sensor data",
                 32844: "LogL", 32845: "LogLuv", 34892: "raw sensor data"}  # fmt: skip
UNCOMPRESSED, JPEG = 1, 7
COMPRESSED = {2, 3, 4, 5, JPEG, 8, 32773, 32946, 34925, 50000}  # CCITT, LZW, Deflate, PackBits, LZMA, Zstandard
ORIENTATION, MAX_SAMPLE, INK_SET, PROFILE = 274, 281, 332, 34675  # tags
FORMATS = {2: "signed integers", 3: "float values", 5: "complex integers", 6: "complex values"}
WHITES = (1023, 4095, 16383)  # of 10, 12 and 14 bits
PILLOW_TAGS = {
    254, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 292, 293, 317, 320, 322, 323, 324, 325, 330, 332, 338, 339, 347,
    512, 513, 514, 515, 517, 519, 520, 521, 529, 530, 531, 532,
}  # tags that shape the pixels; all others are hidden from Pillow  # fmt: skip
HIDDEN = 65000  # the first of the private tags


@dataclass(frozen=True, slots=True)
class Layout:
    """How the samples of a page are stored.

    Attributes:
        page: tifffile's page.
        bits: Bits of a sample.
        samples: Samples of a pixel, with alpha.
        colours: Photometric interpretation.
        alpha: Kind of the extra sample: 0 unspecified, 1 premultiplied, 2 plain; None if there is none.
    """

    page: Any
    bits: int
    samples: int
    colours: int
    alpha: int | None


def decode_tiff(content: bytes) -> DecodedImage:
    """Decode a TIFF file."""
    import tifffile

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # it logs damaged tags, which are ignored
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        layout = _layout(file)
        page = layout.page
        _check_segments(page, len(content))
        check_data(page, content)
        notices = [SIXTEEN_BIT] if layout.bits == 16 else []
        if page.compression == UNCOMPRESSED and layout.bits in (8, 16) and layout.colours != YCBCR:
            image = _from_samples(_channels_last(page), layout)
        else:
            image = _from_pillow(content, layout)
        orientation = _value(page, ORIENTATION, 1)
        if orientation not in (1, *UPRIGHT):
            orientation, notices = 1, [*notices, DAMAGED]
        profile = _value(page, PROFILE, None)
        return to_srgb(image, profile=_profile(profile, notices), orientation=orientation, notices=notices)


def _layout(file: Any) -> Layout:  # noqa: ANN401  # tifffile's
    """Check that the first page can be decoded right. Raises ImageError if not."""
    pages = [page for number, page in enumerate(file.pages) if number == 0 or not int(page.subfiletype or 0) & 5]
    if not pages:
        raise damaged("it has no page")
    check_single(len(pages))
    page = pages[0]
    if not page.imagewidth or not page.imagelength:
        raise damaged("its tags are missing")
    if not (isinstance(page.imagewidth, int) and isinstance(page.imagelength, int)):  # as tifffile reads damaged tags
        raise damaged("its size is not a number")
    check_size(page.imagewidth, page.imagelength)
    bits, colours = page.bitspersample, int(page.photometric) if page.photometric is not None else BLACK_IS_ZERO
    if int(page.subfiletype or 0) & 1:
        raise unsupported("a TIFF that begins with a preview, as raw files of cameras do")
    if isinstance(bits, tuple):
        raise unsupported(f"TIFF channels of different depths ({', '.join(map(str, bits))} bits)")
    if int(page.sampleformat or 1) in FORMATS:
        raise unsupported(f"a TIFF of {bits}-bit {FORMATS[int(page.sampleformat)]} has no defined black and white")
    if colours in OTHER_COLOURS:
        raise unsupported(f"a TIFF of {OTHER_COLOURS[colours]}")
    if page.imagedepth > 1:
        raise unsupported(f"a TIFF volume of {page.imagedepth} slices")
    alpha = int(page.extrasamples[0]) if page.extrasamples else None
    layout = Layout(page, bits, page.samplesperpixel, colours, alpha)
    _check_layout(layout)
    return layout


def _check_layout(layout: Layout) -> None:
    page, bits, compression = layout.page, layout.bits, int(layout.page.compression)
    samples = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, CMYK: 4, YCBCR: 3}.get(layout.colours)
    depths = {RGB: (8, 16), CMYK: (8, 16), YCBCR: (8,), PALETTE: (1, 2, 4, 8)}.get(layout.colours, (1, 2, 4, 8, 16))
    if compression != UNCOMPRESSED and compression not in COMPRESSED:
        raise unsupported(f"a TIFF with {getattr(page.compression, 'name', compression)} compression")
    if samples is None:
        raise unsupported(f"a TIFF with the photometric interpretation {layout.colours}")
    if bits not in depths:
        raise unsupported(f"a TIFF with {bits} bits a channel")
    extra = layout.samples - samples
    deep_grey = bits == 16 and samples == 1 and compression != UNCOMPRESSED
    if extra not in (0, 1) or (extra and (layout.colours in (PALETTE, CMYK, YCBCR) or deep_grey)):
        raise unsupported(f"a TIFF with {layout.samples} channels of {bits} bits")
    if layout.colours == CMYK and _value(page, INK_SET, 1) != 1:
        raise unsupported("a TIFF with inks other than CMYK")
    if bits == 16 and compression == JPEG:
        raise unsupported("a TIFF with 16-bit JPEG compression")


def _check_segments(page: Any, length: int) -> None:  # noqa: ANN401
    """Check that all strips or tiles are in the file. Raises ImageError if not."""
    segments = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    expected = int(np.prod(page.chunked))
    if len(segments) < expected or any(offset <= 0 or count <= 0 or offset + count > length for offset, count in segments):
        raise damaged("a part of the pixels is missing")


def _value(page: Any, code: int, default: Any) -> Any:  # noqa: ANN401
    """The value of a tag; the default if it is missing or damaged."""
    try:
        tag = page.tags.get(code)
        return default if tag is None else tag.value
    except Exception:  # the parser may raise anything on damaged data
        return default


def _profile(value: object, notices: list[Notice]) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    notices.append(DAMAGED)
    return None


def _channels_last(page: Any) -> npt.NDArray[Any]:  # noqa: ANN401
    """The samples [height, width, channels]."""
    samples: npt.NDArray[Any] = page.asarray()
    if "S" not in page.axes:
        return samples.reshape(page.imagelength, page.imagewidth, 1)
    return np.moveaxis(samples, 0, -1) if page.axes.index("S") == 0 else samples


def _from_samples(samples: npt.NDArray[Any], layout: Layout) -> Pillow.Image:
    """An 8-bit image of samples [height, width, channels]."""
    if layout.colours == PALETTE:
        return _through_palette(samples[..., 0], layout.page)
    if samples.dtype.itemsize == 2:
        samples = _reduced(samples, layout)
    if layout.colours == WHITE_IS_ZERO:
        samples = np.concatenate([255 - samples[..., :1], samples[..., 1:]], axis=-1)
    if layout.alpha == 0:  # means nothing
        samples = samples[..., : layout.samples - 1]
    mode = {1: "L", 2: "La" if layout.alpha == 1 else "LA", 3: "RGB"}.get(samples.shape[2]) or (
        "CMYK" if layout.colours == CMYK else "RGBa" if layout.alpha == 1 else "RGBA"
    )
    pixels = np.ascontiguousarray(samples)
    image = Pillow.frombuffer(mode, (pixels.shape[1], pixels.shape[0]), pixels, "raw", mode, 0, 1)
    return image.convert(f"{mode[:-1]}A") if mode.endswith("a") else image


def _reduced(samples: npt.NDArray[Any], layout: Layout) -> npt.NDArray[np.uint8]:
    """16-bit samples as 8 bits."""
    colours = samples[..., : layout.samples - (layout.alpha is not None)]
    brightest, white = int(colours.max(initial=0)), _value(layout.page, MAX_SAMPLE, None)
    white = max(white) if isinstance(white, tuple) else white
    if white in WHITES and brightest <= white:
        if layout.alpha in (1, 2):
            raise unsupported(f"a TIFF with alpha whose white is {white}")
        return to_8_bit(samples, white)
    if layout.colours != CMYK:  # where no ink is bright
        check_white(brightest)
    return to_8_bit(samples, 65535)


def _through_palette(index: npt.NDArray[Any], page: Any) -> Pillow.Image:  # noqa: ANN401
    colours = np.asarray(page.colormap, np.uint16)  # [3, 2**bits]
    if colours.max(initial=0) < 256:  # written as 8 bits by some programs
        colours = colours * 257
    table = to_8_bit(np.ascontiguousarray(colours.T), white=65535)
    return Pillow.fromarray(table[index])


def _from_pillow(content: bytes, layout: Layout) -> Pillow.Image:
    """Decode with libtiff, by the tags that shape the pixels and no others."""
    silence_libtiff()
    plain = bytearray(content)
    order = "little" if content[:2] == b"II" else "big"
    for number, tag in enumerate(layout.page.tags.values()):
        if tag.code not in PILLOW_TAGS:
            plain[tag.offset : tag.offset + 2] = (HIDDEN + number % 500).to_bytes(2, order)  # type: ignore[arg-type]
    try:
        with pillow_file(bytes(plain), TiffImagePlugin.TiffImageFile) as image:
            image.load()
            return _checked(image, layout)
    except (OSError, ValueError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        raise damaged(error) from None


def _checked(image: Pillow.Image, layout: Layout) -> Pillow.Image:
    """Pillow's image in 8 bits."""
    if image.mode == "P":
        return _through_palette(np.asarray(image), layout.page)
    if image.mode.startswith("I;16"):
        return _from_samples(np.asarray(image).astype(np.uint16)[..., None], layout)
    if layout.bits == 16 and layout.colours != CMYK:  # Pillow keeps the upper byte
        bands = image.split()[:3]
        check_white(max(band.getextrema()[1] for band in bands) << 8 | 0xFF)  # type: ignore[operator]  # of one band
    return image.copy()
