"""A file with a hole, which an interrupted copy or a bad disk leaves, is refused; flat images, which pack well, are not."""

import numpy as np
import pytest
from image_files import COLOUR, heif, saved, tiff
from PIL import Image as Pillow

from dysfw.decoding.decode import decode_image
from dysfw.errors import ImageError

SMOOTH = np.asarray(Pillow.fromarray(COLOUR).resize((640, 480), Pillow.Resampling.BICUBIC))
# noise that grows to the right, so that files are large and have both kinds of areas
NOISE = np.random.default_rng(2).normal(0, 1, SMOOTH.shape) * np.linspace(0, 40, 640)[:, None]
PHOTO = np.clip(SMOOTH + NOISE, 0, 255).astype(np.uint8)


FORMS = {
    "JPEG": lambda pixels: saved(pixels, "JPEG", quality=90),
    "JPEG, low quality": lambda pixels: saved(pixels, "JPEG", quality=20),
    "JPEG, 4:4:4": lambda pixels: saved(pixels, "JPEG", quality=95, subsampling=0),
    "JPEG, optimised": lambda pixels: saved(pixels, "JPEG", optimize=True, quality=90),
    "JPEG, 4:4:4, optimised": lambda pixels: saved(pixels, "JPEG", quality=95, subsampling=0, optimize=True),
    "JPEG, progressive": lambda pixels: saved(pixels, "JPEG", progressive=True, quality=90),
    "JPEG, restarts": lambda pixels: saved(pixels, "JPEG", restart_marker_rows=1, optimize=True),
    "WebP": lambda pixels: saved(pixels, "WEBP"),
    "WebP, low quality": lambda pixels: saved(pixels, "WEBP", quality=5),
    "WebP, fast": lambda pixels: saved(pixels, "WEBP", method=0),
    "AVIF": lambda pixels: saved(pixels, "AVIF", speed=9),
    "HEIC": lambda pixels: heif("RGB", pixels),
    "JPEG 2000": lambda pixels: saved(pixels, "JPEG2000"),
    "JPEG 2000, layers": lambda pixels: saved(pixels, "JPEG2000", irreversible=True, quality_layers=[200, 100, 50, 20, 10]),
    "JPEG 2000, tiles": lambda pixels: saved(pixels, "JPEG2000", tile_size=(128, 128)),
    "JPEG 2000, codestream": lambda pixels: saved(pixels, "JPEG2000", no_jp2=True),
    "TIFF, Deflate": lambda pixels: saved(pixels, "TIFF", compression="tiff_adobe_deflate"),
    "TIFF, Deflate, tiles": lambda pixels: tiff(pixels, compression="zlib", tile=(64, 64), predictor=True),
    "TIFF, LZW": lambda pixels: saved(pixels, "TIFF", compression="tiff_lzw"),
    "TIFF, PackBits": lambda pixels: saved(pixels, "TIFF", compression="packbits"),
    "TIFF, Zstandard": lambda pixels: saved(pixels, "TIFF", compression="zstd"),
    "TIFF, JPEG": lambda pixels: saved(pixels, "TIFF", compression="jpeg"),
}  # fmt: skip
# small parts, of which each may be empty: a hole may be data
UNKNOWABLE = {"JPEG 2000, precincts": lambda pixels: saved(pixels, "JPEG2000", precinct_size=(64, 64), codeblock_size=(32, 32))}
OTHERS = {
    "JPEG, grey": lambda pixels: saved(pixels[..., 0], "JPEG"),
    "JPEG, grey, optimised": lambda pixels: saved(pixels[..., 0], "JPEG", optimize=True),
    "JPEG, grey, progressive": lambda pixels: saved(pixels[..., 0], "JPEG", progressive=True),
    "JPEG, CMYK": lambda pixels: saved(Pillow.fromarray(pixels).convert("CMYK"), "JPEG", optimize=True),
    "WebP, lossless": lambda pixels: saved(pixels, "WEBP", lossless=True),
    "WebP, lossless, fast": lambda pixels: saved(pixels, "WEBP", lossless=True, method=0, quality=0),
    "WebP, palette": lambda pixels: saved(Pillow.fromarray(pixels).quantize(4).convert("RGB"), "WEBP", lossless=True, method=0),
    "TIFF, Deflate, stored": lambda pixels: tiff(pixels, compression="zlib", compressionargs={"level": 0}),
    "TIFF, 16 bit, Deflate": lambda pixels: tiff(pixels.astype(np.uint16) * 257, compression="zlib", predictor=True),
    "TIFF, fax": lambda pixels: saved(Pillow.fromarray(pixels).convert("1"), "TIFF", compression="group4"),
    "TIFF, fax 3": lambda pixels: saved(Pillow.fromarray(pixels).convert("1"), "TIFF", compression="group3"),
    "TIFF": tiff,
    "PNG": lambda pixels: saved(pixels, "PNG"),
    "PNG, stored": lambda pixels: saved(pixels, "PNG", compress_level=0),
    "GIF": lambda pixels: saved(Pillow.fromarray(pixels).quantize(8), "GIF"),
    "BMP": lambda pixels: saved(pixels, "BMP"),
    "PPM": lambda pixels: saved(pixels, "PPM"),
}  # fmt: skip


def synthetic(height: int, width: int) -> dict[str, np.ndarray]:
    y, x = np.mgrid[0:height, 0:width]
    plain = {
        "black": np.zeros((height, width)),
        "white": np.full((height, width), 255),
        "grey": np.full((height, width), 128),
        "black below": np.where(y < height // 3, x * 255 // width, 0),
        "white above": np.where(y > 2 * height // 3, x * 255 // width, 255),
        "a dot": np.where((abs(y - height // 2) < 3) & (abs(x - width // 2) < 3), 255, 0),
        "gradient": x * 255 // width,
        "gradient down": y * 255 // height,
        "slow gradient": (x + y) // 64 % 256,
        "stripes": x % 2 * 255,
        "boxes": (x // 64 + y // 64) % 2 * 255,
        "lines of text": np.where((y % 40 < 4) & (x % 9 < 5), 0, 255),
    }
    images = {name: np.repeat(values.astype(np.uint8)[..., None], 3, 2) for name, values in plain.items()}
    images["one colour"] = np.full((height, width, 3), (200, 100, 50), np.uint8)
    noise = np.random.default_rng(3).integers(0, 256, (height // 8, width, 3), np.uint8)
    images["noise on white"] = np.concatenate([noise, np.full((height - height // 8, width, 3), 255, np.uint8)])
    images["noise below black"] = np.concatenate([np.zeros((height - height // 8, width, 3), np.uint8), noise])
    return images


def refusals(make, images: dict[str, np.ndarray]) -> dict[str, str]:
    found = {}
    for name, pixels in images.items():
        try:
            image = decode_image(make(pixels), "file")
        except ImageError as error:
            if error.code == "truncated":  # not what is refused for its depth
                found[name] = error.message
        else:
            assert image.pixels.shape == pixels.shape
    return found


@pytest.mark.parametrize("name", [*FORMS, *UNKNOWABLE, *OTHERS])
def test_flat_and_synthetic_images_are_not_taken_for_holes(name) -> None:
    make = {**FORMS, **UNKNOWABLE, **OTHERS}[name]
    assert refusals(make, synthetic(360, 500)) == {}
    slow = name in ("AVIF", "HEIC")
    large = synthetic(*((700, 900) if slow else (1500, 2000)))
    assert refusals(make, {key: large[key] for key in ("black", "white", "a dot", "black below", "noise below black")}) == {}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("size", [700, 3000])
def test_a_file_with_a_hole_is_refused(name, size) -> None:
    """Sectors of a disk have 512 or 4096 bytes."""
    content = FORMS[name](PHOTO)
    if "optimised" in name or "restarts" in name:
        size = 10_000  # a flat area has shorter ones
    elif "progressive" in name:
        size = 2000
    size = min(size, len(content) // 4)
    for part in (0.3, 0.5, 0.7):
        start = int(len(content) * part)
        holed = content[:start] + bytes(size) + content[start + size :]
        assert len(holed) == len(content)
        with pytest.raises(ImageError) as caught:
            decode_image(holed, "file")
        assert caught.value.code == "truncated", part


def test_zeros_in_metadata_are_no_hole() -> None:
    exif = b"Exif\0\0" + b"II*\0\x08\0\0\0\0\0\0\0\0\0" + bytes(3000)
    contents = [saved(COLOUR, form, exif=exif) for form in ("AVIF", "JPEG", "WEBP")]
    contents.append(heif("RGB", COLOUR, exif=exif))
    contents.append(tiff(COLOUR, compression="zlib", extratags=[(700, 1, 2000, bytes(2000), True)]))
    for content in contents:
        assert bytes(1000) in content
        assert decode_image(content, "file").width == COLOUR.shape[1]


def test_a_changed_byte_is_seen_by_the_checksum_of_deflate() -> None:
    content = bytearray(tiff(PHOTO, compression="zlib", compressionargs={"level": 0}))
    content[len(content) // 2] ^= 1  # decoded without complaint by libtiff
    with pytest.raises(ImageError, match="incorrect data check") as caught:
        decode_image(bytes(content), "file")
    assert caught.value.code == "truncated"


def test_libtiff_writes_nothing_about_a_damaged_file(capfd) -> None:
    content = bytearray(saved(PHOTO, "TIFF", compression="tiff_lzw"))
    start = len(content) // 2
    content[start : start + 200] = bytes(200)  # too short for a hole
    with pytest.raises(ImageError) as caught:
        decode_image(bytes(content), "file")
    assert caught.value.code == "truncated"
    assert capfd.readouterr() == ("", "")
