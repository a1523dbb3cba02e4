"""DICOM files of every kind that the decoder meets, with planted identifiers, and the pixels that were encoded."""

import io

import numpy as np
import pydicom.config
from PIL import Image as Pillow
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import compress
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

PHOTO, CAPTURE = "1.2.840.10008.5.1.4.1.1.77.1.4", "1.2.840.10008.5.1.4.1.1.7"
HEIGHT, WIDTH = 48, 64
Y, X = np.mgrid[0:HEIGHT, 0:WIDTH]
COLOUR = np.stack([X * 4, Y * 5, (X + Y) * 2], -1).astype(np.uint8)
GREY = COLOUR[..., 0]
NAME, PATIENT, STUDY, PRIVATE = "PLANTED^NAME", "PLANTED-4711", "1.2.276.0.99999.4711", "PLANTED private note"
SECRETS = [b"PLANTED", b"4711", b"99999", b"19700229", b"Dr Planted", b"1.2.276"]


def dataset(sop: str = PHOTO, syntax: UID = ExplicitVRLittleEndian) -> FileDataset:
    """A data set without pixels, full of identifiers."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID, meta.TransferSyntaxUID = UID(sop), UID(f"{STUDY}.1"), syntax
    meta.SourceApplicationEntityTitle = "PLANTED_AE"
    data = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.StudyInstanceUID, data.SeriesInstanceUID = UID(STUDY), UID(f"{STUDY}.2")
    data.PatientName, data.PatientID, data.PatientBirthDate = NAME, PATIENT, "19700229"
    data.ReferringPhysicianName, data.InstitutionName, data.Modality = "Dr Planted", "PLANTED Hospital", "XC"
    data.ImageComments = "PLANTED comment"
    block = data.private_block(0x0099, "PLANTED CREATOR", create=True)
    block.add_new(1, "LO", PRIVATE)
    item = Dataset()
    item.PatientName = NAME
    data.ReferencedPatientSequence = [item]
    return data


def with_pixels(pixels: np.ndarray, colours: str, bits: int | None = None, **options: object) -> FileDataset:
    """A data set with pixels [H, W] or [H, W, 3]; ``options`` are keywords of further tags, ``sop`` and ``syntax``."""
    data = dataset(*(options.pop(name, default) for name, default in (("sop", PHOTO), ("syntax", ExplicitVRLittleEndian))))
    data.Rows, data.Columns = pixels.shape[:2]
    data.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    data.PhotometricInterpretation = colours
    data.BitsAllocated = pixels.dtype.itemsize * 8
    data.BitsStored = bits or data.BitsAllocated
    data.HighBit, data.PixelRepresentation = data.BitsStored - 1, int(pixels.dtype.kind == "i")
    if pixels.ndim == 3:
        data.PlanarConfiguration = options.pop("PlanarConfiguration", 0)
        if data.PlanarConfiguration:
            pixels = np.moveaxis(pixels, 2, 0)
    data.BurnedInAnnotation = "NO"
    for name, value in options.items():
        setattr(data, name, value)
    content = np.ascontiguousarray(pixels).tobytes()
    data.PixelData = content + b"\0" * (len(content) % 2)
    return data


def written(data: FileDataset) -> bytes:
    buffer = io.BytesIO()
    with pydicom.config.disable_value_validation():
        data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def dicom(pixels: np.ndarray = COLOUR, colours: str = "RGB", bits: int | None = None, **options: object) -> bytes:
    return written(with_pixels(pixels, colours, bits, **options))


def compressed(
    syntax: UID, pixels: np.ndarray = COLOUR, colours: str = "RGB", bits: int | None = None, **options: object
) -> bytes:
    data = with_pixels(pixels, colours, bits)
    compress(data, syntax, **options)
    return written(data)


def encapsulated(frame: bytes, syntax: UID, colours: str, pixels: np.ndarray = COLOUR, bits: int | None = None) -> bytes:
    """A file around a frame that another program compressed."""
    data = with_pixels(pixels, colours, bits)
    data.file_meta.TransferSyntaxUID = syntax
    data.PixelData = encapsulate([frame])
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    return written(data)


def jpeg(pixels: np.ndarray = COLOUR, **options: object) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "JPEG", quality=97, **{"subsampling": 0, **options})
    return buffer.getvalue()


def implicit(pixels: np.ndarray = COLOUR) -> bytes:
    return written(with_pixels(pixels, "RGB", syntax=ImplicitVRLittleEndian))
