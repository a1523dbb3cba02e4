"""Rubbish metadata cost no intact image. Files that are cut, or were never written to their end, are refused."""

import struct
import warnings
import zlib
from functools import partial

import numpy as np
import pytest
from image_files import COLOUR, LOSSY, difference, heif, jp2, jpeg, multi_picture, planes, png, png_chunk, saved, tiff
from PIL import Image as Pillow

from dysfw.decoding.decode import decode_image
from dysfw.errors import ImageError

JUNK = b"<html></html>"
LARGE = zlib.compress(bytes(200_000_000))
NOISE = np.random.default_rng(1).integers(0, 256, (160, 192, 3), dtype=np.uint8)
SMOOTH = np.asarray(Pillow.fromarray(COLOUR).resize((640, 480), Pillow.Resampling.BICUBIC))


def decode(content: bytes):
    return decode_image(content, "file")


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg_with(*segments: bytes) -> bytes:
    content = jpeg()
    return content[:2] + b"".join(segments) + content[2:]


def bad_checksum(name: bytes, body: bytes) -> bytes:
    return png_chunk(name, body)[:-4] + b"\0\0\0\0"


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, name) + body


def jp2_with(extra: bytes) -> bytes:
    content = jp2(COLOUR, 8, 1)
    place = content.index(b"jp2c") - 4
    return content[:place] + extra + content[place:]


def avif_with_exif(start: bytes) -> bytes:
    """Pillow writes no damaged EXIF data, so they are damaged afterwards."""
    exif = b"II*\0\x08\0\0\0\0\0\0\0\0\0"
    content = saved(COLOUR, "AVIF", quality=97, subsampling="4:4:4", exif=exif)
    assert exif in content
    return content.replace(exif[:8], start)


RUBBISH = {
    "JPEG, EXIF": partial(jpeg_with, segment(0xE1, b"Exif\0\0" + JUNK)),
    "JPEG, EXIF that points beyond": partial(jpeg_with, segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff")),
    "JPEG, XMP": partial(jpeg_with, segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b"\xff<x:xmpmeta tiff:Orientation")),
    "JPEG, profile": partial(jpeg_with, segment(0xE2, b"ICC_PROFILE\0\1\1" + JUNK)),
    "JPEG, profile in missing parts": partial(jpeg_with, segment(0xE2, b"ICC_PROFILE\0\2\5" + JUNK)),
    "JPEG, multi-picture": partial(jpeg_with, segment(0xE2, b"MPF\0" + JUNK)),
    "JPEG, multi-picture, empty": partial(jpeg_with, segment(0xE2, b"MPF\0II*\0\x08\0\0\0\1\0\2\xb0\7\0\0\0\0\0\0\0\0\0")),
    "JPEG, IPTC": partial(jpeg_with, segment(0xED, b"Photoshop 3.0\x008BIM\4\4\0\0\xff\xff\xff\xff" + JUNK)),
    "JPEG, JFIF": partial(jpeg_with, segment(0xE0, b"JFIF\0")),
    "JPEG, FlashPix": partial(jpeg_with, segment(0xE2, b"FPXR\0" + JUNK)),
    "JPEG, comment": partial(jpeg_with, segment(0xFE, bytes(range(256)))),
    **{
        f"PNG, {name.decode()} {body[:12]!r}": partial(png, COLOUR.tobytes(), 8, 2, png_chunk(name, body))
        for name, body in [
            (b"eXIf", JUNK),
            (b"eXIf", b"MM\0*\xff\xff\xff\xff"),
            (b"tEXt", b"no end"),
            (b"tEXt", b""),
            (b"zTXt", b"a\0\7junk"),
            (b"zTXt", b"a\0\0junk"),
            (b"iTXt", b"a\0\1\7"),
            (b"iCCP", b"a\0\0junk"),
            (b"iCCP", b""),
            (b"pHYs", b"\0"),
            (b"gAMA", b"\0"),
            (b"cHRM", b"\0\0"),
            (b"sRGB", b""),
            (b"tIME", b"\0"),
            (b"sBIT", b""),
            (b"ruBb", JUNK),
            (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n  9\nnothex")),
            (b"acTL", b"\0"),
            (b"fcTL", b"\0"),
            (b"iCCP", b"a\0\0" + zlib.compress(JUNK)),
        ]
    },
    "PNG, comment with a wrong checksum": partial(png, COLOUR.tobytes(), 8, 2, bad_checksum(b"tEXt", b"a\0b")),
    "PNG, EXIF with a wrong checksum": partial(png, COLOUR.tobytes(), 8, 2, bad_checksum(b"eXIf", b"MM\0*\0\0\0\x08\0\0")),
    "PNG, profile with a wrong checksum": partial(
        png, COLOUR.tobytes(), 8, 2, bad_checksum(b"iCCP", b"a\0\0" + zlib.compress(JUNK))
    ),
    "PNG, text that unpacks to 200 MB": partial(png, COLOUR.tobytes(), 8, 2, png_chunk(b"zTXt", b"a\0\0" + LARGE)),
    "PNG, profile that unpacks to 200 MB": partial(png, COLOUR.tobytes(), 8, 2, png_chunk(b"iCCP", b"a\0\0" + LARGE)),
    "WebP, EXIF": partial(saved, COLOUR, "WEBP", lossless=True, exif=JUNK),
    "WebP, XMP": partial(saved, COLOUR, "WEBP", lossless=True, xmp=JUNK + b"\xff\0"),
    "WebP, profile": partial(saved, COLOUR, "WEBP", lossless=True, icc_profile=JUNK),
    "TIFF, EXIF": partial(tiff, COLOUR, extratags=[(34665, 4, 1, 999_999, True)]),
    "TIFF, EXIF, Deflate": partial(tiff, COLOUR, compression="zlib", extratags=[(34665, 4, 1, 999_999, True)]),
    "TIFF, GPS": partial(tiff, COLOUR, compression="zlib", extratags=[(34853, 4, 1, 12, True)]),
    "TIFF, EXIF as text": partial(tiff, COLOUR, compression="zlib", extratags=[(34665, 2, 0, "nowhere", True)]),
    "TIFF, profile": partial(tiff, COLOUR, iccprofile=JUNK),
    "TIFF, profile as text": partial(tiff, COLOUR, compression="zlib", extratags=[(34675, 2, 0, "nothing", True)]),
    "TIFF, XMP, IPTC, Photoshop": partial(
        tiff, COLOUR, compression="zlib", extratags=[(code, 1, len(JUNK), JUNK, True) for code in (700, 33723, 34377)]
    ),
    "TIFF, orientation as text": partial(tiff, COLOUR, compression="zlib", extratags=[(274, 2, 0, "up", True)]),
    "TIFF, orientation 99": partial(tiff, COLOUR, extratags=[(274, 3, 1, 99, True)]),
    "HEIC, EXIF": partial(heif, "RGB", COLOUR, exif=JUNK),
    "HEIC, empty EXIF": partial(heif, "RGB", COLOUR, exif=b"Exif\0\0"),
    "HEIC, XMP": partial(heif, "RGB", COLOUR, xmp=JUNK + b"\xff\0"),
    "HEIC, profile": partial(heif, "RGB", COLOUR, icc_profile=JUNK, icc_profile_type="prof"),
    "AVIF, EXIF": partial(avif_with_exif, b"\0" * 8),
    "AVIF, EXIF that points beyond": partial(avif_with_exif, b"II*\0\xff\xff\xff\xff"),
    "AVIF, XMP": partial(saved, COLOUR, "AVIF", quality=97, subsampling="4:4:4", xmp=JUNK),
    "AVIF, profile": partial(saved, COLOUR, "AVIF", quality=97, subsampling="4:4:4", icc_profile=JUNK),
    "JPEG 2000, boxes": partial(jp2_with, box(b"uuid", JUNK) + box(b"xml ", JUNK) + box(b"zzzz", JUNK)),
    "GIF, comment": partial(saved, COLOUR[..., 0], "GIF", comment=bytes(range(256))),
}


@pytest.mark.parametrize("make", RUBBISH.values(), ids=RUBBISH)
def test_rubbish_metadata_cost_no_intact_image(make, capfd) -> None:
    content = make()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        image = decode(content)
    truth = COLOUR[..., 0] if content.startswith(b"GIF") else COLOUR
    assert difference(image.pixels, truth) <= (0 if content[:4] in (b"\x89PNG", b"RIFF", b"II*\0") else LOSSY)
    assert {notice.code for notice in image.notices} <= {"metadata", "colour_profile", "greyscale"}
    assert capfd.readouterr() == ("", "")


def test_damaged_exif_data_are_reported(capfd) -> None:
    assert "orientation" in decode(RUBBISH["WebP, EXIF"]()).notices[0].message


FILES = {
    "JPEG": jpeg(NOISE),
    "JPEG, progressive": jpeg(SMOOTH, progressive=True),
    "JPEG, restarts": jpeg(SMOOTH, restart_marker_rows=1),
    "JPEG, multi-picture": multi_picture(),
    "PNG": saved(NOISE, "PNG"),
    "PNG, smooth": saved(SMOOTH, "PNG"),
    "WebP": saved(SMOOTH, "WEBP"),
    "WebP, lossless": saved(NOISE, "WEBP", lossless=True),
    "GIF": saved(SMOOTH, "GIF"),
    "TIFF": tiff(NOISE),
    "TIFF, planar, 16 bit": tiff(planes(NOISE.astype(np.uint16) * 257), planarconfig="separate"),
    "TIFF, Deflate": tiff(NOISE, compression="zlib", rowsperstrip=16),
    "TIFF, LZW": saved(NOISE, "TIFF", compression="tiff_lzw"),
    "TIFF, JPEG": saved(SMOOTH, "TIFF", compression="jpeg"),
    "HEIC": heif("RGB", SMOOTH),
    "AVIF": saved(SMOOTH, "AVIF"),
    "JPEG 2000": saved(NOISE, "JPEG2000"),
    "JPEG 2000, lossy": saved(SMOOTH, "JPEG2000", irreversible=True, quality_layers=[20]),
    "BMP": saved(NOISE, "BMP"),
    "PPM": saved(NOISE, "PPM"),
}
PARTS = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99)
# Formats without any redundancy: their missing pixels are black, as those of a black border are.
UNKNOWABLE = {"TIFF", "TIFF, planar, 16 bit", "BMP", "PPM"}


def outcome(content: bytes, whole: np.ndarray) -> str:
    try:
        pixels = decode(content).pixels
    except ImageError as error:
        return error.code
    return "right" if np.array_equal(pixels, whole) else "wrong"


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_cut_is_refused(name) -> None:
    content, whole = FILES[name], decode(FILES[name]).pixels
    outcomes = {part: outcome(content[: int(len(content) * part)], whole) for part in PARTS}
    if name == "JPEG, multi-picture":  # what is behind the primary picture may be missing
        assert set(outcomes.values()) <= {"truncated", "not_an_image", "right"}
    else:
        assert set(outcomes.values()) <= {"truncated", "not_an_image"}, outcomes


@pytest.mark.parametrize("name", sorted(FILES.keys() - UNKNOWABLE))
def test_a_file_whose_end_was_never_written_is_refused(name) -> None:
    """Its full size was reserved, and copying was interrupted: the rest is zeros."""
    content, whole = FILES[name], decode(FILES[name]).pixels
    for part in PARTS[:-1]:
        if name == "WebP, lossless" and part > 0.9:
            continue  # so few zeros may be a flat area
        start = int(len(content) * part)
        assert outcome(content[:start].ljust(len(content), b"\0"), whole) in ("truncated", "not_an_image", "right"), part


@pytest.mark.parametrize("name", FILES)
def test_padding_behind_a_file_changes_nothing(name) -> None:
    content = FILES[name]
    whole = decode(content).pixels
    for padding in (b"\0" * 4096, b"\xff" * 100):
        assert outcome(content + padding, whole) in ("right", "truncated"), padding[:1]
    assert outcome(content + b"\0" * 4096, whole) == "right"


def test_pixels_with_a_wrong_checksum_are_refused() -> None:
    content = bytearray(saved(NOISE, "PNG", compress_level=0))
    content[len(content) // 2] ^= 0xFF
    with pytest.raises(ImageError, match="checksum") as caught:
        decode(bytes(content))
    assert caught.value.code == "truncated"


def test_a_cut_primary_picture_is_refused_even_if_a_preview_follows() -> None:
    content = jpeg(NOISE)
    with pytest.raises(ImageError):
        decode(content[: len(content) // 2] + jpeg(COLOUR))


def test_the_end_of_a_black_photo_is_not_taken_for_damage() -> None:
    night = SMOOTH.copy()
    night[200:] = 0
    for form in ("WEBP", "AVIF", "PNG", "JPEG", "JPEG2000"):
        image = decode(saved(night, form, **({"lossless": True} if form == "WEBP" else {})))
        assert difference(image.pixels[260:], night[260:]) <= LOSSY, form
    assert difference(decode(heif("RGB", night)).pixels[260:], night[260:]) <= LOSSY
    flat = np.zeros((1800, 2400, 3), np.uint8)
    flat[:600, :, 0] = np.arange(2400) // 10
    content = saved(flat, "WEBP", quality=80)
    assert content.endswith(b"\0" * 200)  # as an encoder may write it
    assert decode(content).width == 2400


def test_a_tiff_whose_width_is_several_numbers_is_refused() -> None:
    content = bytearray(tiff(COLOUR))
    width = content.index(struct.pack("<H", 256), 8)  # the tag; two bytes of type, then the number of values
    content[width + 4 : width + 8] = struct.pack("<I", 3)
    with pytest.raises(ImageError, match="its size is not a number"):
        decode(bytes(content))


def test_damage_after_an_image_that_is_too_large_is_damage() -> None:
    with pytest.raises(ImageError, match="megapixels"):
        decode(
            b"\x89PNG\r\n\x1a\n"
            + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0))
            + png_chunk(b"IEND", b"")
        )
    with pytest.raises(ImageError) as caught:
        decode(b"\0\0\0\x18ftypheic" + b"\0" * 100)
    assert caught.value.code == "truncated"
