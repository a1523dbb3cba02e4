"""The pixels of a DICOM file, by DICOM PS3.3 C.7.6.3 and C.11."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi

from dysfw.plugin import ImageError, UInt8, damaged, install_command, to_8_bit, unsupported

COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
GREYS = ("MONOCHROME1", "MONOCHROME2")
PALETTE = "PALETTE COLOR"
OTHERS = ("HSV", "ARGB", "CMYK", "YBR_PARTIAL_420", "YBR_PARTIAL_422", "XYB")  # names that a message may repeat
# What decodes which compression, for messages.
EXTRAS = {"JPEG Lossless": "libjpeg", "JPEG-LS": "libjpeg", "JPEG Extended": "libjpeg", "JPEG 2000": "codecs", "RLE": "codecs"}
FRAME_HEADERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}  # markers of JPEG and JPEG-LS that hold the size
CODESTREAM = b"\xff\x4f\xff\x51"  # of JPEG 2000


def decode_pixels(data: Any) -> tuple[Pillow.Image, bytes | None]:  # noqa: ANN401  # pydicom's Dataset
    """Decode the pixels of a checked data set.

    Args:
        data: The data set.

    Returns:
        The image, 8 bits a channel, and its colour profile.

    Raises:
        ImageError: unsupported_pixels, decoder_missing or truncated.
    """
    colours = str(data.PhotometricInterpretation)
    if colours not in (*COLOURS, *GREYS, PALETTE):
        raise unsupported(f"DICOM pixels of the kind {colours if colours in OTHERS else 'unknown'}")
    if int(data.BitsAllocated) not in (8, 16):
        raise unsupported(f"DICOM pixels of {int(data.BitsAllocated)} bits")
    values, kind = _decode(data)
    if colours == PALETTE:
        return Pillow.fromarray(_eight(apply_color_lut(values, data), None)), _profile(data)
    if colours in GREYS:
        return Pillow.fromarray(_grey(values, data, inverted=colours == "MONOCHROME1")), None
    if kind != "RGB":
        raise unsupported(f"DICOM pixels that remain {kind}")
    return Pillow.fromarray(_eight(values, 2 ** int(data.BitsStored) - 1)), _profile(data)


def _decode(data: Any) -> tuple[npt.NDArray[Any], str]:  # noqa: ANN401
    """The values [H, W] or [H, W, 3], and their photometric interpretation after decoding."""
    syntax = data.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated:
        _check_frame(get_frame(data.PixelData, 0, number_of_frames=1), int(data.Columns), int(data.Rows))
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        raise unsupported("a DICOM file of an unknown or a moving-picture compression") from None
    if not decoder.is_available:
        extra = next((extra for name, extra in EXTRAS.items() if syntax.name.startswith(name)), "codecs")
        licence = " (GPL-3.0)" if extra == "libjpeg" else ""
        raise ImageError(
            "decoder_missing",
            f"DICOM with the compression {syntax.name!r} needs the extra {extra}{licence}: "
            f"{install_command('dysfw-dicom', extra)}",
        )
    values, found = decoder.as_array(data, index=0)
    return values, str(found["photometric_interpretation"])


def _check_frame(frame: bytes, width: int, height: int) -> None:
    """Check that compressed pixels have the size that was checked by the header. Raises ImageError if not."""
    if frame.startswith(b"\xff\xd8"):
        found = _jpeg_size(frame)
    elif (start := frame.find(CODESTREAM)) >= 0:
        sides = [int.from_bytes(frame[start + 8 + 4 * n : start + 12 + 4 * n], "big") for n in range(4)]
        found = sides[0] - sides[2], sides[1] - sides[3]
    else:  # run lengths, whose size only the header says
        return
    if found != (width, height):
        raise damaged("the compressed image has another size than the file says")


def _jpeg_size(frame: bytes) -> tuple[int, int]:
    position = 2
    while position + 9 <= len(frame) and frame[position] == 0xFF:
        marker, length = frame[position + 1], int.from_bytes(frame[position + 2 : position + 4], "big")
        if marker in FRAME_HEADERS:
            height, width = (int.from_bytes(frame[position + at : position + at + 2], "big") for at in (5, 7))
            return width, height
        position += 1 if marker == 0xFF else 2 + length
    return 0, 0


def _grey(values: npt.NDArray[Any], data: Any, *, inverted: bool) -> UInt8:  # noqa: ANN401
    """Grey in 8 bits: through the window or table for display if the file has one, else by the range of its bits."""
    displayed = "WindowCenter" in data or "VOILUTSequence" in data
    if displayed:
        shown = (
            apply_voi(apply_modality_lut(values, data), data, index=0) if "VOILUTSequence" in data else _windowed(values, data)
        )
        grey = shown if shown.dtype == np.uint8 else _table_to_8_bit(shown, data)
    elif int(data.PixelRepresentation):
        raise unsupported("DICOM pixels with negative values and without a window")
    else:
        grey = _eight(values, 2 ** int(data.BitsStored) - 1)
    return 255 - grey if inverted else grey


def _windowed(values: npt.NDArray[Any], data: Any) -> UInt8:  # noqa: ANN401
    """Grey through the first window (PS3.3 C.11.2.1.2 and C.11.2.1.3)."""
    center, width = (float(np.atleast_1d(data[name].value)[0]) for name in ("WindowCenter", "WindowWidth"))
    function = str(data.get("VOILUTFunction") or "LINEAR")
    numbers = apply_modality_lut(values, data).astype(np.float32)
    if function == "LINEAR":
        if width < 1:
            raise unsupported("a DICOM window narrower than one value")
        share = (numbers - (center - 0.5)) / (width - 1) + 0.5 if width > 1 else (numbers > center - 0.5).astype(np.float32)
    elif function == "LINEAR_EXACT":
        share = (numbers - center) / width + 0.5
    elif function == "SIGMOID":
        share = 1 / (1 + np.exp(-4 * (numbers - center) / width))
    else:
        raise unsupported("a DICOM window of an unknown function")
    return np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)


def _table_to_8_bit(values: npt.NDArray[Any], data: Any) -> UInt8:  # noqa: ANN401
    """What a table for display gave, whose depth its descriptor says."""
    bits = int(data.VOILUTSequence[0].LUTDescriptor[2])
    return _eight(values.astype(np.uint16), 2**bits - 1)


def _eight(values: npt.NDArray[Any], white: int | None) -> UInt8:
    """Unsigned values as 8 bits."""
    if values.dtype.kind != "u":
        raise unsupported("DICOM pixels with negative values")
    if values.dtype == np.uint8 and white in (None, 255):
        return np.ascontiguousarray(values)
    return to_8_bit(values.astype(np.uint16), white)


def _profile(data: Any) -> bytes | None:  # noqa: ANN401
    profile = data.get("ICCProfile")
    return bytes(profile) if profile else None
