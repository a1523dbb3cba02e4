"""What phones write: rotation applied exactly once, the primary picture of several, deep colours, colour spaces, bombs."""

import io
import re
import struct

import numpy as np
import pi_heif
import pillow_heif
import pytest
from image_files import COLOUR, LOSSY, difference, heif, jpeg, saved
from PIL import ExifTags, ImageCms
from PIL import Image as Pillow

from dysfw.decoding.decode import decode_image
from dysfw.errors import ImageError

SMALL = COLOUR[::-1, ::-1].copy()[:40, :40]
# What a camera stores with an orientation: the upright image, transformed the other way.
STORED = {
    1: lambda p: p, 2: lambda p: p[:, ::-1], 3: lambda p: p[::-1, ::-1], 4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1), 6: lambda p: np.rot90(p, 1), 7: lambda p: p[::-1, ::-1].swapaxes(0, 1),
    8: lambda p: np.rot90(p, -1),
}  # fmt: skip


def decode(content: bytes):
    return decode_image(content, "file")


def codes(image) -> list[str]:
    return [notice.code for notice in image.notices]


def exif(orientation: int) -> bytes:
    block = Pillow.Exif()
    block[ExifTags.Base.Orientation] = orientation
    return block.tobytes()


def heif_of(*images: np.ndarray, **options: object) -> bytes:
    file = pillow_heif.HeifFile()
    for pixels in images:
        file.add_frombytes("RGB", (pixels.shape[1], pixels.shape[0]), np.ascontiguousarray(pixels).tobytes())
    buffer = io.BytesIO()
    file.save(buffer, quality=-1, chroma=444, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", STORED)
def test_the_rotation_of_a_heic_is_applied_once_whether_exif_repeats_it_or_not(orientation) -> None:
    """The encoder writes irot and imir for the orientation, as phones do, and the EXIF tag as well."""
    content = heif("RGB", np.ascontiguousarray(STORED[orientation](COLOUR)), exif=exif(orientation))
    assert (b"irot" in content or b"imir" in content) == (orientation != 1)
    without = content.replace(exif(orientation)[-20:], bytes(20))
    for variant in (content, without):
        image = decode(variant)
        assert image.pixels.shape == COLOUR.shape
        assert difference(image.pixels, COLOUR) <= LOSSY


def test_an_exif_orientation_alone_does_not_turn_a_heic() -> None:
    """By the standard only irot and imir do; programs that rotate the pixels often leave the EXIF tag as it was."""
    content = heif("RGB", COLOUR, exif=exif(1))
    turned = content.replace(exif(1), exif(6))
    assert turned != content
    assert difference(decode(turned).pixels, COLOUR) <= LOSSY


@pytest.mark.parametrize("orientation", STORED)
def test_the_rotation_of_an_avif_is_applied_once(orientation) -> None:
    stored = Pillow.fromarray(np.ascontiguousarray(STORED[orientation](COLOUR)))
    content = saved(stored, "AVIF", quality=97, subsampling="4:4:4", exif=exif(orientation))
    assert difference(decode(content).pixels, COLOUR) <= LOSSY


def test_the_primary_picture_of_a_burst_is_used_and_this_is_said() -> None:
    for primary in (0, 1, 2):
        pictures = [SMALL, SMALL, SMALL]
        pictures[primary] = COLOUR
        image = decode(heif_of(*pictures, primary_index=primary))
        assert difference(image.pixels, COLOUR) <= LOSSY
        assert codes(image) == ["several_images"]
        assert image.notices[0].message == "the primary one of 3 images was used"


def test_thumbnails_and_the_pictures_behind_a_jpeg_are_no_pictures() -> None:
    image = decode(heif("RGB", np.repeat(np.repeat(COLOUR, 8, 0), 8, 1), thumbnails=[64]))
    assert (image.width, codes(image)) == (512, [])
    behind = decode(saved(COLOUR, "MPO", save_all=True, append_images=[Pillow.fromarray(SMALL)], quality=97))
    assert (difference(behind.pixels, COLOUR) <= LOSSY, codes(behind)) == (True, [])
    assert difference(decode(jpeg() + jpeg(SMALL)).pixels, COLOUR) <= LOSSY  # a motion photo or a depth map, appended


def test_an_icc_profile_comes_before_the_colour_space_by_number() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = heif("RGB", COLOUR, icc_profile=srgb, icc_profile_type="prof", color_primaries=12)
    assert difference(decode(content).pixels, COLOUR) <= LOSSY


def resized(content: bytes, width: int, height: int) -> bytes:
    """The file with another size in its header."""
    return re.sub(rb"ispe\0\0\0\0.{8}", b"ispe\0\0\0\0" + struct.pack(">II", width, height), content, flags=re.DOTALL)


@pytest.mark.parametrize("form", ["HEIC", "AVIF", "JPEG 2000", "WebP", "GIF", "TIFF", "BMP", "PPM"])
def test_a_bomb_is_refused_by_its_header(form) -> None:
    """A file of a few kB that claims 3,600 megapixels, or as many as its format can."""
    content = {
        "HEIC": lambda: resized(heif("RGB", COLOUR), 60_000, 60_000),
        "AVIF": lambda: resized(saved(COLOUR, "AVIF"), 60_000, 60_000),
        "JPEG 2000": lambda: jp2_of(60_000),
        "WebP": lambda: webp_of(16_383),
        "GIF": lambda: b"GIF89a" + struct.pack("<HH", 60_000, 60_000) + saved(COLOUR[..., 0], "GIF")[10:],
        "TIFF": lambda: tiff_of(60_000),
        "BMP": lambda: patch(saved(COLOUR, "BMP"), 18, struct.pack("<ii", 60_000, 60_000)),
        "PPM": lambda: b"P6\n60000 60000\n255\n" + bytes(100),
    }[form]()
    with pytest.raises(ImageError) as caught:
        decode(content)
    # The libraries for HEIC and AVIF may compare the header with the coded picture first, and find them different.
    assert caught.value.code == "too_many_pixels" or (form in ("HEIC", "AVIF") and caught.value.code == "truncated")


def patch(content: bytes, place: int, new: bytes) -> bytes:
    return content[:place] + new + content[place + len(new) :]


def jp2_of(side: int) -> bytes:
    content = saved(COLOUR, "JPEG2000")
    content = patch(content, content.index(b"ihdr") + 4, struct.pack(">II", side, side))
    return patch(content, content.index(b"\xff\x51") + 6, struct.pack(">II", side, side))


def webp_of(side: int) -> bytes:
    content = saved(COLOUR, "WEBP", lossless=True, exif=exif(1))  # EXIF data make it an extended file
    return patch(content, content.index(b"VP8X") + 12, (side - 1).to_bytes(3, "little") * 2)


def tiff_of(side: int) -> bytes:
    content = saved(COLOUR, "TIFF")
    for tag in (256, 257):
        place = content.index(struct.pack("<HHI", tag, 4, 1)) if struct.pack("<HHI", tag, 4, 1) in content else -1
        kind = 4 if place >= 0 else 3
        place = content.index(struct.pack("<HHI", tag, kind, 1))
        content = patch(content, place, struct.pack("<HHII", tag, 4, 1, side))
    return content


def test_the_decoder_brings_no_encoder() -> None:
    """The wheel of pi-heif holds no code under the GPL, that of pillow-heif does (x265)."""
    assert pi_heif.libheif_info()["HEIF"] == ""
    assert "x265" not in pi_heif.libheif_info()["encoders"]
