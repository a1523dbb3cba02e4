"""Effects of the source of an image."""

import io

import numpy as np
import pytest
from dysfw_phantom.effects import Effects, FileConfig, apply_effects, encode
from PIL import Image as Pillow


@pytest.fixture
def pixels():
    return np.random.default_rng(1).integers(40, 200, (64, 64, 3), np.uint8)


def opened(content):
    return Pillow.open(io.BytesIO(content))


def test_no_effects_by_default(pixels):
    assert apply_effects(pixels, Effects()) is pixels


def test_blur_removes_detail_and_keeps_the_brightness(pixels):
    blurred = apply_effects(pixels, Effects(blur=2.0))
    assert blurred.std() < 0.5 * pixels.std()
    assert abs(blurred.mean() - pixels.mean()) < 2


def test_brightness_is_a_factor(pixels):
    assert apply_effects(pixels, Effects(brightness=0.5)).mean() == pytest.approx(0.5 * pixels.mean(), abs=0.6)
    assert apply_effects(pixels, Effects(brightness=3.0)).max() == 255


def test_a_border_is_black_and_moves_the_image_by_its_width(pixels):
    bordered = apply_effects(pixels, Effects(border=5))
    assert bordered.shape == (74, 74, 3)
    assert (bordered[5:-5, 5:-5] == pixels).all()
    assert bordered[:5].max() == 0
    assert bordered[:, -5:].max() == 0


@pytest.mark.parametrize("name", ["jpeg", "png", "webp"])
def test_a_file_has_the_requested_format_and_a_phantom_description(pixels, name):
    image = opened(encode(pixels, FileConfig(format=name)))
    assert image.format == name.upper()
    assert image.getexif()[0x010E].startswith("phantom")
    assert 0x0131 not in image.getexif()


def test_png_is_lossless(pixels):
    assert (np.asarray(opened(encode(pixels, FileConfig(format="png")))) == pixels).all()


def test_quality_sets_the_size_of_the_file(pixels):
    assert len(encode(pixels, FileConfig(quality=20))) < 0.5 * len(encode(pixels, FileConfig(quality=95)))


def test_software_is_written_to_the_metadata(pixels):
    assert opened(encode(pixels, FileConfig(), "Camera 3")).getexif()[0x0131] == "Camera 3"


def test_effects_override_the_file_format_of_the_spec():
    default = FileConfig(format="png", quality=70)
    assert Effects().file(default) == default
    assert Effects(format="jpeg").file(default) == FileConfig(format="jpeg", quality=70)
    assert Effects(quality=30).file(default) == FileConfig(format="png", quality=30)
