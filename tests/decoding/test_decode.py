"""Decoding of image files of all kinds, valid and broken."""

import io
import os
import struct
import threading
import tracemalloc
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, ImageCms
from PIL import Image as Pillow

from dysfw.decoding.decode import read_image
from dysfw.decoding.files import MAX_BYTES
from dysfw.errors import ImageError
from dysfw.util.files import sha256_of

HEIGHT, WIDTH = 48, 64
CODES = {
    "missing_file", "is_a_folder", "unreadable", "too_many_bytes", "not_an_image", "animated", "too_many_pixels", "too_small",
    "unsupported_pixels", "truncated", "decoder_missing",
}  # fmt: skip
fuzzed = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def quarters() -> np.ndarray:
    """Four flat colours, so that each orientation looks different and JPEG keeps them."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[:24, :32], pixels[:24, 32:], pixels[24:, :32], pixels[24:, 32:] = (
        (200, 40, 40), (40, 160, 40), (40, 40, 200), (220, 210, 60),
    )  # fmt: skip
    return pixels


def quarter_centres(pixels: np.ndarray) -> np.ndarray:
    """The colour at the centre of each quarter."""
    return pixels[12::24, 16::32].astype(int)


PIXELS = quarters()
IMAGE = Pillow.fromarray(PIXELS)
GREY = IMAGE.convert("L")
NOISE = Pillow.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))


def encoded(image: Pillow.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.fixture
def read(tmp_path) -> Callable:
    """read(content): the image in a file with that content; its extension is arbitrary."""

    def read(content: bytes):
        path = tmp_path / "image.jpg"
        path.write_bytes(content)
        return read_image(path)

    return read


def read_error(path: Path) -> ImageError:
    with pytest.raises(ImageError) as caught:
        read_image(path)
    assert caught.value.code in CODES
    return caught.value


def decode_error(tmp_path: Path, content: bytes) -> ImageError:
    path = tmp_path / "image.jpg"
    path.write_bytes(content)
    return read_error(path)


def codes(image) -> list[str]:
    return [notice.code for notice in image.notices]


def png(pixels: np.ndarray, *, bits: int = 8, size: tuple[int, int] | None = None) -> bytes:
    """A PNG of pixels [H, W, channels], written by hand since Pillow writes no 16-bit colour. ``size`` is the (width, height)
    that its header claims."""
    height, width, channels = pixels.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    raw = b"".join(b"\0" + row.astype(">u2" if bits == 16 else "u1").tobytes() for row in pixels)

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", *(size or (width, height)), bits, kind, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile (version 2.4, for a display) with the given tags."""
    start, table, body = 132 + 12 * len(tags), b"", b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    header = struct.pack(">I4sI4s4s4s12x4s28x", start + len(body), b"\0" * 4, 0x02400000, b"mntr", space, b"XYZ ", b"acsp")
    return (header + fixed(0.9642, 1, 0.8249)).ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def fixed(*numbers: float) -> bytes:
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


def xyz(*numbers: float) -> bytes:
    return b"XYZ \0\0\0\0" + fixed(*numbers)


def gamma(exponent: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(exponent * 256))


def display_p3() -> bytes:
    """The colour space of Apple's screens and cameras, with a gamma of 2.2."""
    curves = {name: gamma(2.2) for name in (b"rTRC", b"gTRC", b"bTRC")}
    primaries = {
        b"rXYZ": xyz(0.5151, 0.2412, -0.0011), b"gXYZ": xyz(0.2920, 0.6922, 0.0419), b"bXYZ": xyz(0.1571, 0.0666, 0.7841),
    }  # fmt: skip
    return profile(b"RGB ", {b"wtpt": xyz(0.9642, 1, 0.8249), **primaries, **curves})


# Ordinary files


@pytest.mark.parametrize(
    ("form", "options"),
    [("PNG", {}), ("BMP", {}), ("PPM", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("WEBP", {"lossless": True})],
)
def test_lossless_formats_keep_every_pixel(read, form, options) -> None:
    image = read(encoded(IMAGE, form, **options))
    assert np.array_equal(image.pixels, PIXELS)
    assert image.notices == ()


@pytest.mark.parametrize(
    ("image", "form"),
    [
        pytest.param(IMAGE, "JPEG", id="jpeg"),
        pytest.param(IMAGE.convert("CMYK"), "JPEG", id="cmyk jpeg"),
        pytest.param(IMAGE, "WEBP", id="webp"),
        pytest.param(IMAGE, "GIF", id="gif"),
        pytest.param(IMAGE.convert("YCbCr"), "TIFF", id="ycbcr tiff"),
    ],
)
def test_lossy_formats_keep_the_colours(read, image, form) -> None:
    image = read(encoded(image, form))
    assert np.abs(quarter_centres(image.pixels) - quarter_centres(PIXELS)).max() < 12
    assert image.notices == ()


def test_an_image_knows_its_source_size_and_hash_and_is_read_only(tmp_path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded(IMAGE, "PNG"))
    image = read_image(path)
    assert (image.source, image.width, image.height) == (str(path), WIDTH, HEIGHT)
    assert image.sha256 == sha256_of(path)
    assert image.pixels.dtype == np.uint8
    with pytest.raises(ValueError, match="read-only"):
        image.pixels[0, 0, 0] = 1


def test_a_preview_behind_the_image_is_ignored(read) -> None:
    image = read(encoded(IMAGE, "MPO", save_all=True, append_images=[Pillow.new("RGB", (16, 16))], quality=95))
    assert (image.width, image.height) == (WIDTH, HEIGHT)
    assert np.abs(quarter_centres(image.pixels) - quarter_centres(PIXELS)).max() < 12


# Orientation and metadata

# What a camera stores with an orientation: the upright image, transformed the other way.
STORED = {
    1: lambda p: p, 2: lambda p: p[:, ::-1], 3: lambda p: p[::-1, ::-1], 4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1), 6: lambda p: np.rot90(p, 1), 7: lambda p: p[::-1, ::-1].swapaxes(0, 1),
    8: lambda p: np.rot90(p, -1),
}  # fmt: skip


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", STORED)
def test_every_exif_orientation_is_applied(read, orientation, form) -> None:
    exif = Pillow.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    stored = Pillow.fromarray(np.ascontiguousarray(STORED[orientation](PIXELS)))
    image = read(encoded(stored, form, exif=exif))
    assert image.pixels.shape == PIXELS.shape
    assert np.abs(quarter_centres(image.pixels) - quarter_centres(PIXELS)).max() < 12


def test_an_undefined_orientation_is_ignored(read) -> None:
    exif = Pillow.Exif()
    exif[ExifTags.Base.Orientation] = 9
    assert np.array_equal(read(encoded(IMAGE, "PNG", exif=exif)).pixels, PIXELS)


def test_metadata_are_dropped(read) -> None:
    exif = Pillow.Exif()
    exif[ExifTags.Base.Artist] = "Dr Photographer"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (51.0, 55.0, 12.0)
    content = encoded(IMAGE, "JPEG", exif=exif)
    assert b"Dr Photographer" in content
    image = read(content)
    assert type(image.pixels) is np.ndarray
    assert image.__slots__ == ("pixels", "source", "sha256", "notices")
    assert "Photographer" not in repr(image)


def test_the_orientation_is_applied_despite_a_wrong_tag(read) -> None:
    exif = Pillow.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.XResolution] = 72.0
    content = encoded(Pillow.fromarray(np.rot90(PIXELS).copy()), "JPEG", exif=exif)
    fraction, text = (struct.pack(">HH", ExifTags.Base.XResolution, kind) for kind in (5, 2))
    assert fraction in content
    assert read(content.replace(fraction, text)).pixels.shape == PIXELS.shape


@pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\0\x05"])
def test_damaged_metadata_cause_no_error_and_no_warning(read, exif) -> None:
    content = encoded(IMAGE, "JPEG", exif=exif, quality=95)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(content).pixels.shape == PIXELS.shape


# Kinds of pixels


def test_sixteen_bit_grey_keeps_black_mid_grey_and_white(read) -> None:
    values = np.zeros((HEIGHT, WIDTH), np.uint16)
    values[:16], values[16:32], values[32:] = 0, 128 * 257, 65535
    for form in ("PNG", "TIFF"):
        image = read(encoded(Pillow.fromarray(values), form))
        assert image.pixels[[0, 20, 40], 0].tolist() == [[0] * 3, [128] * 3, [255] * 3]
        assert codes(image) == ["sixteen_bit", "greyscale"]


def test_sixteen_bit_colour_keeps_its_colours(read) -> None:
    assert np.array_equal(read(png(PIXELS.astype(np.uint16) * 257, bits=16)).pixels, PIXELS)


TRANSPARENT = [
    pytest.param(IMAGE.convert("RGBA"), {}, id="RGBA"),
    pytest.param(GREY.convert("LA"), {}, id="LA"),
    pytest.param(IMAGE.quantize(8), {}, id="palette"),
]


@pytest.mark.parametrize(("image", "options"), TRANSPARENT)
def test_transparent_parts_become_white(read, image, options) -> None:
    if image.mode == "P":
        options = {"transparency": image.getpixel((0, 0))}
    else:
        image.putalpha(Pillow.fromarray(np.where(np.arange(WIDTH) < 32, 0, 255)[None].repeat(HEIGHT, 0).astype(np.uint8)))
    decoded = read(encoded(image, "PNG", **options))
    assert decoded.pixels[0, 0].tolist() == [255, 255, 255]
    assert decoded.pixels[-1, -1].tolist() == np.asarray(image.convert("RGB"))[-1, -1].tolist()
    assert "transparency" in codes(decoded)


def test_half_transparent_is_half_white(read) -> None:
    image = Pillow.new("RGBA", (40, 40), (0, 0, 0, 128))
    assert abs(int(read(encoded(image, "PNG")).pixels[0, 0, 0]) - 127) <= 1


def test_an_opaque_alpha_channel_causes_no_notice(read) -> None:
    image = read(encoded(IMAGE.convert("RGBA"), "PNG"))
    assert image.notices == ()
    assert np.array_equal(image.pixels, PIXELS)


@pytest.mark.parametrize(
    "image",
    [GREY, GREY.convert("1"), GREY.convert("LA"), GREY.convert("RGB"), GREY.convert("RGBA"), GREY.convert("P")],
    ids=["L", "1 bit", "LA", "RGB", "RGBA", "palette"],
)
def test_images_without_colour_cause_a_notice(read, image) -> None:
    decoded = read(encoded(image, "PNG"))
    assert codes(decoded) == ["greyscale"]
    assert np.array_equal(decoded.pixels, np.asarray(image.convert("RGB")))


def test_a_grey_jpeg_saved_as_colour_causes_a_notice(read) -> None:
    assert codes(read(encoded(NOISE.convert("L").convert("RGB"), "JPEG"))) == ["greyscale"]


@pytest.mark.parametrize("mode", ["I", "F"])
def test_pixels_without_a_defined_white_are_an_error(tmp_path, mode) -> None:
    error = decode_error(tmp_path, encoded(GREY.convert(mode), "TIFF"))
    assert error.code == "unsupported_pixels"
    assert "save the image as 8-bit PNG or JPEG" in error.message


# Colour profiles


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_a_display_profile_is_converted_to_srgb(read, mode) -> None:
    # (234, 51, 35) is how Display P3 writes the red of sRGB.
    image = Pillow.new("RGB", (40, 40), (234, 51, 35))
    image = image.quantize(4) if mode == "P" else image.convert(mode)
    image = read(encoded(image, "PNG", icc_profile=display_p3()))
    assert np.abs(image.pixels[0, 0].astype(int) - (255, 0, 0)).max() <= 3
    assert image.notices == ()


def test_an_srgb_profile_changes_nothing(read) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = read(encoded(IMAGE, "PNG", icc_profile=srgb))
    assert np.abs(image.pixels.astype(int) - PIXELS).max() <= 1
    assert image.notices == ()


def test_a_grey_profile_is_applied_and_grey_stays_grey(read) -> None:
    linear = profile(b"GRAY", {b"wtpt": xyz(0.9642, 1, 0.8249), b"kTRC": gamma(1.0)})
    image = read(encoded(Pillow.new("L", (40, 40), 55), "PNG", icc_profile=linear))
    assert abs(int(image.pixels[0, 0, 0]) - 128) <= 2  # 55 / 255 of the light is mid-grey in sRGB
    assert codes(image) == ["greyscale"]


@pytest.mark.parametrize("name", ["LAB", "XYZ", "nonsense"])
@pytest.mark.parametrize("mode", ["RGB", "CMYK", "L"])
def test_a_profile_that_does_not_fit_causes_a_notice_and_keeps_the_pixels(read, name, mode) -> None:
    embedded = b"nonsense" if name == "nonsense" else ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()
    image = IMAGE.convert(mode)
    decoded = read(encoded(image, "TIFF", icc_profile=embedded))
    assert "colour_profile" in codes(decoded)
    assert np.array_equal(decoded.pixels, np.asarray(image.convert("RGB")))


# Refusals


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF"])
def test_files_with_several_images_are_an_error(tmp_path, form) -> None:
    error = decode_error(tmp_path, encoded(IMAGE, form, save_all=True, append_images=[IMAGE.rotate(90)]))
    assert error.code == "animated"
    assert error.message == "the file holds 2 images; save one of them as JPEG or PNG"


def jpeg_of(width: int, height: int) -> bytes:
    """A small JPEG whose header claims another size."""
    content = bytearray(encoded(IMAGE, "JPEG"))
    start = content.index(b"\xff\xc0") + 5
    content[start : start + 4] = struct.pack(">HH", height, width)
    return bytes(content)


HUGE = [
    pytest.param(png(PIXELS, size=(10_000, 10_000)), "10000 × 10000 px are 100 megapixels", id="100-megapixel PNG"),
    pytest.param(jpeg_of(10_000, 10_000), "10000 × 10000 px are 100 megapixels", id="100-megapixel JPEG"),
    pytest.param(png(PIXELS, size=(60_000, 60_000)), "60000 × 60000 px are 3600 megapixels", id="3600-megapixel PNG"),
    pytest.param(jpeg_of(65_000, 65_000), "65000 × 65000 px are 4225 megapixels", id="4225-megapixel JPEG"),
]


@pytest.mark.parametrize(("content", "message"), HUGE)
def test_a_huge_image_is_rejected_by_its_header(tmp_path, content, message) -> None:
    tracemalloc.start()
    error = decode_error(tmp_path, content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert error.code == "too_many_pixels"  # not "truncated": no pixel was decoded
    assert message in error.message
    assert "the maximum is 64 megapixels. Scale the image down" in error.message
    assert peak < 5_000_000


def test_warnings_of_pillow_on_large_images_are_suppressed(tmp_path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decode_error(tmp_path, png(PIXELS, size=(10_000, 10_000))).code == "too_many_pixels"


@pytest.mark.parametrize("size", [(10, 10), (31, 400), (400, 31)])
def test_a_tiny_image_is_an_error(tmp_path, size) -> None:
    error = decode_error(tmp_path, encoded(IMAGE.resize(size), "PNG"))
    assert error.code == "too_small"
    assert "minimum is 32 px" in error.message


def test_32_pixels_are_enough(read) -> None:
    assert read(encoded(IMAGE.resize((32, 32)), "PNG")).pixels.shape == (32, 32, 3)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM"])
@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.99])
def test_a_truncated_file_is_an_error(tmp_path, form, part) -> None:
    content = encoded(NOISE, form)
    error = decode_error(tmp_path, content[: int(len(content) * part)])
    assert error.code == "truncated"
    assert error.message.startswith("the image data are damaged or truncated (")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "PPM"])
def test_a_file_truncated_in_its_header_is_an_error(tmp_path, form) -> None:
    content = encoded(NOISE, form)
    assert {decode_error(tmp_path, content[:length]).code for length in range(1, 12)} <= {"not_an_image", "truncated"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"a list of patients\n", "a text file, not an image in a supported format: AVIF, BMP, "),
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF, not an image; export the image as JPEG or PNG"),
        (b"\xff\x0a\xfa\x1f", "JPEG XL; export the image as JPEG or PNG"),
        (b"\0\0\0\x18ftypqt  \0\0\0\0", "a video, not an image; export the image as JPEG or PNG"),
    ],
    ids=["empty", "text", "pdf", "jpeg xl", "video"],
)
def test_the_error_names_the_type_of_other_files(tmp_path, content, message) -> None:
    error = decode_error(tmp_path, content)
    assert error.code == "not_an_image"
    assert message in error.message


def test_a_missing_file_is_reported(tmp_path) -> None:
    assert read_error(tmp_path / "gone.jpg").code == "missing_file"
    (tmp_path / "link.jpg").symlink_to("gone.jpg")
    assert read_error(tmp_path / "link.jpg").code == "missing_file"


def test_the_error_for_a_folder_suggests_a_pattern(tmp_path) -> None:
    error = read_error(tmp_path)
    assert error.code == "is_a_folder"
    assert "FOLDER/*.jpg" in error.message


def test_invalid_paths_are_unreadable(tmp_path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").touch()
    for name in ("a\0b.jpg", "x" * 300, "loop", "file/a.jpg"):
        error = read_error(tmp_path / name)
        assert error.code == "unreadable"
        assert error.message.startswith("cannot be read: ")


def test_a_file_without_permission_is_unreadable(tmp_path) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(encoded(IMAGE, "PNG"))
    path.chmod(0)
    root = os.geteuid() == 0  # root ignores permissions
    if root:
        os.seteuid(65534)
    try:
        error = read_error(path)
    finally:
        if root:
            os.seteuid(0)
    assert error.code == "unreadable"
    assert "Permission denied" in error.message


def test_a_pipe_is_an_error_and_does_not_block(tmp_path) -> None:
    path = tmp_path / "pipe.jpg"
    os.mkfifo(path)
    errors: list[ImageError] = []
    waiting = threading.Thread(target=lambda: errors.append(read_error(path)), daemon=True)
    waiting.start()
    waiting.join(10)
    assert [error.code for error in errors] == ["unreadable"]


def test_a_file_that_is_too_large_is_not_opened(tmp_path) -> None:
    path = tmp_path / "film.jpg"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)  # a sparse file takes no space
    error = read_error(path)
    assert error.code == "too_many_bytes"
    assert "maximum is 256 MiB" in error.message


# Fuzzing


MAGIC = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0\x08\0\0\0", b"GIF89a", b"BM"]


@fuzzed
@given(st.binary(max_size=400), st.sampled_from(MAGIC))
def test_random_bytes_are_an_error(tmp_path, content, start) -> None:
    assert decode_error(tmp_path, start + content).code in CODES


def seeds() -> list[bytes]:
    exif = Pillow.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = "Maker"
    extras = {"exif": exif, "icc_profile": display_p3()}
    return [encoded(NOISE, form, **extras) for form in ("JPEG", "PNG", "WEBP")] + [encoded(NOISE, "TIFF", exif=exif)]


SEEDS = seeds()


@settings(fuzzed, max_examples=200)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=5),
    st.sampled_from([64, 400, 10_000]),
)
def test_a_damaged_file_is_read_or_raises_image_error(tmp_path, content, damage, within) -> None:
    broken = bytearray(content)
    for place, value in damage:
        broken[int(place * min(within, len(broken)))] = value
    path = tmp_path / "damaged"
    path.write_bytes(broken)
    try:
        pixels = read_image(path).pixels
    except ImageError as error:
        assert error.code in CODES  # noqa: PT017  # both outcomes are correct
    else:
        assert pixels.dtype == np.uint8
        assert pixels.shape[2] == 3
