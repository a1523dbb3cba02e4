"""Decodes the photo in a DICOM file.

Nothing but its pixels leaves this module: no tag, identifier or name, in no message either.
"""

from __future__ import annotations

import io
import logging
import os
import warnings
from typing import Any

import pydicom
from pydicom import config
from pydicom.uid import UID

from dysfw.plugin import DecodedImage, ImageError, Notice, check_single, check_size, damaged, to_srgb, unsupported

from .pixels import decode_pixels

BURNT_IN = "DYSFW_BURNT_IN_ANNOTATION"
PHOTOS = {
    "1.2.840.10008.5.1.4.1.1.77.1.4",  # VL Photographic Image Storage
    "1.2.840.10008.5.1.4.1.1.7",  # Secondary Capture Image Storage
    "1.2.840.10008.5.1.4.1.1.7.2",  # Multi-frame Grayscale Byte Secondary Capture Image Storage, of one frame
    "1.2.840.10008.5.1.4.1.1.7.3",  # Multi-frame Grayscale Word Secondary Capture Image Storage, of one frame
    "1.2.840.10008.5.1.4.1.1.7.4",  # Multi-frame True Color Secondary Capture Image Storage, of one frame
}
DEFLATED = b"1.2.840.10008.1.2.1.99"  # transfer syntax whose unpacked size is not known before it is unpacked
META = slice(132, 4096)  # where the file says its transfer syntax
# All that is read of a file. The rest of it, with all that names a person, is skipped.
TAGS = [
    "SOPClassUID", "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns",
    "PixelAspectRatio", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "BurnedInAnnotation", "WindowCenter",
    "WindowWidth", "VOILUTFunction", "RescaleIntercept", "RescaleSlope", "ModalityLUTSequence", "VOILUTSequence", "ICCProfile",
    "RedPaletteColorLookupTableDescriptor", "GreenPaletteColorLookupTableDescriptor",
    "BluePaletteColorLookupTableDescriptor", "RedPaletteColorLookupTableData", "GreenPaletteColorLookupTableData",
    "BluePaletteColorLookupTableData", "SegmentedRedPaletteColorLookupTableData", "SegmentedGreenPaletteColorLookupTableData",
    "SegmentedBluePaletteColorLookupTableData", "PixelData",
]  # fmt: skip

# The library warns of invalid values, and names them.
config.settings.reading_validation_mode = config.IGNORE
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
warnings.filterwarnings("ignore", module="pydicom")


def decode_dicom(content: bytes) -> DecodedImage:
    """Decode a DICOM file.

    Args:
        content: Bytes of the file.

    Returns:
        The image.

    Raises:
        ImageError: With the code not_a_photo, no_pixels, burnt_in_annotation, decoder_missing, or a code of the core.
    """
    if DEFLATED in content[META]:
        raise unsupported("a deflated DICOM file")
    try:
        data = pydicom.dcmread(io.BytesIO(content), specific_tags=TAGS)
        notices = _check(data)
        image, profile = decode_pixels(data)
    except (ImageError, MemoryError):
        raise
    except Exception:  # the library may raise anything on damaged data, and its messages hold values of tags
        raise damaged() from None
    return to_srgb(image, profile=profile, notices=notices)


def _check(data: Any) -> list[Notice]:  # noqa: ANN401  # pydicom's Dataset
    """Check by the header that this is one photo that may be used."""
    kind = data.get("SOPClassUID") or data.file_meta.get("MediaStorageSOPClassUID", "")
    if kind not in PHOTOS:
        raise ImageError("not_a_photo", f"DICOM of the kind {_name_of(kind)!r} is not a photo of a face")
    if "PixelData" not in data:
        raise ImageError("no_pixels", "the DICOM file holds no pixels")
    check_single(int(data.get("NumberOfFrames") or 1))
    check_size(int(data.Columns), int(data.Rows))
    ratio = data.get("PixelAspectRatio")
    if ratio and int(ratio[0]) != int(ratio[1]):
        raise unsupported("a DICOM photo whose pixels are not square")
    return _check_annotation(str(data.get("BurnedInAnnotation") or "").upper())


def _check_annotation(burnt_in: str) -> list[Notice]:
    """Refuse text in the pixels, such as a name, unless that is allowed; say so if the file does not tell."""
    if burnt_in == "NO":
        return []
    if burnt_in != "YES":
        message = "the DICOM file does not say whether text, such as a name, is burnt into the pixels; look before you share it"
        return [Notice("burnt_in_annotation", message)]
    if os.environ.get(BURNT_IN) != "allow":
        raise ImageError(
            "burnt_in_annotation",
            f"text, such as a name, is burnt into the pixels of this DICOM file; to use it all the same, set {BURNT_IN}=allow",
        )
    return [Notice("burnt_in_annotation", "text, such as a name, is burnt into the pixels of this DICOM file")]


def _name_of(kind: str) -> str:
    """The standard's name of a kind of object; private identifiers are not repeated."""
    name: str = UID(kind).name
    return name if name != kind else "unknown"
