"""Photos of every colour space, depth and compression against the pixels that were encoded and against pydicom."""

import io
import struct
from functools import partial

import numpy as np
import pydicom
import pytest
from codestreams import JPEG_GREY_12, JPEG_LS_COLOUR, JPEG_LS_GREY, LOSSLESS_COLOUR, LOSSLESS_GREY, LOSSLESS_GREY_12
from dicom_files import (
    CAPTURE,
    COLOUR,
    GREY,
    compressed,
    dataset,
    dicom,
    encapsulated,
    implicit,
    jpeg,
    with_pixels,
    written,
)
from dysfw_dicom import pixels as module_under_test
from PIL import Image as Pillow
from PIL import ImageCms
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut
from pydicom.uid import (
    JPEG2000,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from dysfw.decoding.decode import decode_image
from dysfw.errors import ImageError
from dysfw.util.install import install_command

EXACT, NEAR, LOSSY = 0, 1, 12


def ybr(pixels: np.ndarray = COLOUR) -> np.ndarray:
    return np.asarray(Pillow.fromarray(pixels).convert("YCbCr"))


def halved(pixels: np.ndarray) -> np.ndarray:
    """YBR_FULL_422: two luminances, then the first pixel's colour."""
    luma, blue, red = (pixels[..., channel] for channel in range(3))
    rows = np.stack([luma[:, ::2], luma[:, 1::2], blue[:, ::2], red[:, ::2]], -1)
    return rows.reshape(pixels.shape[0], -1)


def ybr_422() -> bytes:
    data = with_pixels(ybr(), "YBR_FULL_422")
    data.PixelData = halved(ybr()).tobytes()
    return written(data)


def deep(bits: int) -> np.ndarray:
    return np.rint(GREY * ((2**bits - 1) / 255)).astype(np.uint16)


def deep_colour(bits: int) -> np.ndarray:
    return np.rint(COLOUR * ((2**bits - 1) / 255)).astype(np.uint16)


def palette(bits: int) -> dict[str, object]:
    """A palette that maps each index to shades of its own."""
    index, tags = np.arange(256), {}
    for name, shade in (("Red", index), ("Green", 255 - index), ("Blue", index // 2)):
        entries = shade.astype(np.uint16) * (257 if bits == 16 else 1)
        tags[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, bits]
        tags[f"{name}PaletteColorLookupTableData"] = entries.astype(np.uint16 if bits == 16 else np.uint8).tobytes()
    return tags


THROUGH_PALETTE = np.stack([GREY, 255 - GREY, GREY // 2], -1)
SUBSAMPLED = 24  # largest difference after halving the colour of a steep gradient
FILES = {
    "RGB": (dicom, COLOUR, EXACT),
    "RGB by plane": (partial(dicom, PlanarConfiguration=1), COLOUR, EXACT),
    "RGB, implicit VR": (implicit, COLOUR, EXACT),
    "RGB, Secondary Capture": (partial(dicom, sop=CAPTURE), COLOUR, EXACT),
    "RGB, one frame of a multi-frame kind": (
        partial(dicom, sop="1.2.840.10008.5.1.4.1.1.7.4", NumberOfFrames=1),
        COLOUR,
        EXACT,
    ),
    "RGB of 16 bits": (partial(dicom, deep_colour(16)), COLOUR, EXACT),
    "RGB of 12 bits": (partial(dicom, deep_colour(12), bits=12), COLOUR, EXACT),
    "YBR_FULL": (partial(dicom, ybr(), "YBR_FULL"), COLOUR, 3),
    "YBR_FULL_422": (ybr_422, COLOUR, SUBSAMPLED),
    "MONOCHROME2": (partial(dicom, GREY, "MONOCHROME2"), GREY, EXACT),
    "MONOCHROME1": (partial(dicom, 255 - GREY, "MONOCHROME1"), GREY, EXACT),
    "MONOCHROME2 of 10 bits": (partial(dicom, deep(10), "MONOCHROME2", 10), GREY, EXACT),
    "MONOCHROME2 of 12 bits": (partial(dicom, deep(12), "MONOCHROME2", 12), GREY, EXACT),
    "MONOCHROME2 of 16 bits": (partial(dicom, deep(16), "MONOCHROME2"), GREY, EXACT),
    "MONOCHROME1 of 12 bits": (partial(dicom, 4095 - deep(12), "MONOCHROME1", 12), GREY, EXACT),
    "PALETTE COLOR of 8 bits": (partial(dicom, GREY, "PALETTE COLOR", **palette(8)), THROUGH_PALETTE, EXACT),
    "PALETTE COLOR of 16 bits": (partial(dicom, GREY, "PALETTE COLOR", **palette(16)), THROUGH_PALETTE, EXACT),
    "RGB, run lengths": (partial(compressed, RLELossless), COLOUR, EXACT),
    "MONOCHROME2 of 16 bits, run lengths": (partial(compressed, RLELossless, deep(16), "MONOCHROME2"), GREY, EXACT),
    "YBR_RCT, JPEG 2000 lossless": (partial(compressed, JPEG2000Lossless, COLOUR, "RGB"), COLOUR, EXACT),
    "MONOCHROME2 of 12 bits, JPEG 2000": (partial(compressed, JPEG2000Lossless, deep(12), "MONOCHROME2", 12), GREY, EXACT),
    "YBR_ICT, JPEG 2000": (partial(compressed, JPEG2000, COLOUR, "RGB", j2k_psnr=[60]), COLOUR, LOSSY),
    "RGB, JPEG-LS": (lambda: encapsulated(JPEG_LS_COLOUR, JPEGLSLossless, "RGB"), COLOUR, EXACT),
    "MONOCHROME2, JPEG-LS": (lambda: encapsulated(JPEG_LS_GREY, JPEGLSLossless, "MONOCHROME2", GREY), GREY, EXACT),
    "RGB, lossless JPEG": (lambda: encapsulated(LOSSLESS_COLOUR, JPEGLosslessSV1, "RGB"), COLOUR, EXACT),
    "MONOCHROME2, lossless JPEG": (lambda: encapsulated(LOSSLESS_GREY, JPEGLossless, "MONOCHROME2", GREY), GREY, EXACT),
    "MONOCHROME2 of 12 bits, lossless JPEG": (
        lambda: encapsulated(LOSSLESS_GREY_12, JPEGLosslessSV1, "MONOCHROME2", deep(12), 12),
        GREY,
        EXACT,
    ),
    "MONOCHROME2 of 12 bits, JPEG": (
        lambda: encapsulated(JPEG_GREY_12, JPEGExtended12Bit, "MONOCHROME2", deep(12), 12),
        GREY,
        NEAR,
    ),
    "YBR_FULL_422, JPEG": (lambda: encapsulated(jpeg(), JPEGBaseline8Bit, "YBR_FULL_422"), COLOUR, LOSSY),
    "YBR_FULL, JPEG": (lambda: encapsulated(jpeg(), JPEGBaseline8Bit, "YBR_FULL"), COLOUR, LOSSY),
    "RGB by name, YCbCr inside, JPEG": (lambda: encapsulated(jpeg(), JPEGBaseline8Bit, "RGB"), COLOUR, LOSSY),
    "MONOCHROME2, JPEG": (lambda: encapsulated(jpeg(GREY), JPEGBaseline8Bit, "MONOCHROME2", GREY), GREY, LOSSY),
}


def decode(content: bytes):
    return decode_image(content, "file")


@pytest.mark.parametrize("name", FILES)
def test_a_photograph_is_decoded_right(name) -> None:
    make, truth, tolerance = FILES[name]
    image = decode(make())
    colour = np.repeat(truth[..., None], 3, -1) if truth.ndim == 2 else truth
    assert image.pixels.shape == colour.shape
    assert np.abs(image.pixels.astype(int) - colour).max() <= tolerance
    assert {notice.code for notice in image.notices} <= {"greyscale"}


WINDOWS = {
    "linear": {"WindowCenter": 1000, "WindowWidth": 1500},
    "several": {"WindowCenter": [1000, 50], "WindowWidth": [1500, 10]},
    "exact": {"WindowCenter": 1000, "WindowWidth": 1500, "VOILUTFunction": "LINEAR_EXACT"},
    "sigmoid": {"WindowCenter": 1000, "WindowWidth": 1500, "VOILUTFunction": "SIGMOID"},
    "rescaled": {"WindowCenter": 0, "WindowWidth": 1500, "RescaleSlope": 1, "RescaleIntercept": -1000},
}


@pytest.mark.parametrize("options", WINDOWS.values(), ids=WINDOWS)
@pytest.mark.parametrize("signed", [False, True])
def test_a_window_is_applied_as_by_pydicom(options, signed) -> None:
    values = deep(12)
    if signed:
        values = values.astype(np.int16) - 500
    content = dicom(values, "MONOCHROME2", None if signed else 12, **options)
    data = pydicom.dcmread(io.BytesIO(content))
    shown = apply_voi_lut(apply_modality_lut(data.pixel_array, data), data).astype(float)
    lowest, highest = shown.min(), shown.max()
    truth = (shown - lowest) / (highest - lowest) * 255  # the window's limits lie within the values
    if options.get("VOILUTFunction") == "SIGMOID":  # never reaches its limits
        center, width = 1000, 1500
        truth = 255 / (1 + np.exp(-4 * (values.astype(float) - center) / width))
    assert np.abs(decode(content).pixels[..., 0] - truth).max() <= 1


def test_the_colour_profile_is_applied() -> None:
    flat = np.full_like(COLOUR, (234, 51, 35))
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.abs(decode(dicom(flat, ICCProfile=lab)).pixels.astype(int) - flat).max() <= 1
    broken = decode(dicom(flat, ICCProfile=b"rubbish!"))
    assert [notice.code for notice in broken.notices] == ["colour_profile"]
    assert np.array_equal(broken.pixels, flat)


def bad_size() -> bytes:
    """A small header around a compressed image of 4,225 megapixels."""
    frame = bytearray(jpeg())
    start = frame.index(b"\xff\xc0") + 5
    frame[start : start + 4] = struct.pack(">HH", 65_000, 65_000)
    return encapsulated(bytes(frame), JPEGBaseline8Bit, "YBR_FULL_422")


REFUSED = {
    "a CT slice": (
        partial(dicom, deep(12), "MONOCHROME2", 12, sop="1.2.840.10008.5.1.4.1.1.2"),
        "not_a_photo",
        "CT Image Storage",
    ),
    "an MR slice": (
        partial(dicom, deep(12), "MONOCHROME2", 12, sop="1.2.840.10008.5.1.4.1.1.4"),
        "not_a_photo",
        "MR Image Storage",
    ),
    "a private kind": (partial(dicom, sop="1.2.276.0.99999.4711"), "not_a_photo", "'unknown'"),
    "without pixels": (lambda: written(dataset()), "no_pixels", "no pixels"),
    "a report": (lambda: written(dataset("1.2.840.10008.5.1.4.1.1.88.11")), "not_a_photo", "Basic Text SR"),
    "several frames": (partial(dicom, NumberOfFrames=3), "animated", "3 images"),
    "a film": (partial(dicom, sop="1.2.840.10008.5.1.4.1.1.77.1.4.1"), "not_a_photo", "Video Photographic"),
    "1 bit": (partial(dicom, GREY, "MONOCHROME2", BitsAllocated=1, BitsStored=1), "unsupported_pixels", "1 bits"),
    "32 bits": (partial(dicom, GREY.astype(np.uint32), "MONOCHROME2"), "unsupported_pixels", "32 bits"),
    "negative values": (partial(dicom, deep(12).astype(np.int16), "MONOCHROME2"), "unsupported_pixels", "negative"),
    "HSV": (partial(dicom, COLOUR, "HSV"), "unsupported_pixels", "HSV"),
    "a name as colours": (partial(dicom, COLOUR, "PLANTED^NAME SMITH"), "unsupported_pixels", "unknown"),
    "pixels that are not square": (partial(dicom, PixelAspectRatio=[2, 1]), "unsupported_pixels", "not square"),
    "a tiny one": (partial(dicom, COLOUR[:10]), "too_small", "32 px"),
    "a huge one": (partial(dicom, Rows=60_000, Columns=60_000), "too_many_pixels", "3600 megapixels"),
    "another size inside": (bad_size, "truncated", "damaged"),
    "too few pixels": (partial(dicom, Rows=96), "truncated", "damaged"),
    "deflated": (partial(dicom, syntax=DeflatedExplicitVRLittleEndian), "unsupported_pixels", "deflated"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_photograph_is_refused_by_name(name) -> None:
    make, code, text = REFUSED[name]
    with pytest.raises(ImageError) as caught:
        decode(make())
    assert (caught.value.code, text in caught.value.message) == (code, True), caught.value.message
    assert "PLANTED" not in caught.value.message


@pytest.mark.parametrize("name", ["RGB", "RGB, run lengths", "YBR_FULL_422, JPEG", "YBR_RCT, JPEG 2000 lossless"])
@pytest.mark.parametrize("part", [0.05, 0.3, 0.5, 0.9, 0.99])
def test_a_file_that_is_cut_is_refused(name, part) -> None:
    content = FILES[name][0]()
    with pytest.raises(ImageError) as caught:
        decode(content[: int(len(content) * part)])
    assert caught.value.code in ("truncated", "no_pixels", "not_a_photo", "not_an_image", "unsupported_pixels")


def test_a_compression_without_its_extra_names_the_extra_and_its_licence(monkeypatch) -> None:
    content = encapsulated(JPEG_LS_COLOUR, JPEGLSLossless, "RGB")

    class Missing:
        is_available = False

    monkeypatch.setattr(module_under_test, "get_decoder", lambda syntax: Missing)
    with pytest.raises(ImageError) as caught:
        decode(content)
    assert caught.value.code == "decoder_missing"
    assert "JPEG-LS" in caught.value.message
    assert f"(GPL-3.0): {install_command('dysfw-dicom', 'libjpeg')}" in caught.value.message


def test_every_compression_of_images_can_be_decoded_with_the_extras() -> None:
    syntaxes = (JPEGBaseline8Bit, JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless, JPEG2000, RLELossless)
    assert all(module_under_test.get_decoder(syntax).is_available for syntax in syntaxes)
    assert module_under_test.get_decoder(ExplicitVRBigEndian).is_available
