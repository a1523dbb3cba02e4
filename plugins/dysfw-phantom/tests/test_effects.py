"""Effects of a photograph's source: each does what it says and nothing else."""

import io

import numpy as np
import pytest
from dysfw_phantom.effects import Effects, FileKeys, apply_effects, encode
from PIL import Image as Pillow


@pytest.fixture
def pixels():
    return np.random.default_rng(1).integers(40, 200, (64, 64, 3), np.uint8)


def opened(content):
    return Pillow.open(io.BytesIO(content))


def test_nothing_happens_unless_it_is_asked_for(pixels):
    assert apply_effects(pixels, Effects()) is pixels


def test_blur_takes_away_detail_and_keeps_the_brightness(pixels):
    blurred = apply_effects(pixels, Effects(blur=2.0))
    assert blurred.std() < 0.5 * pixels.std()
    assert abs(blurred.mean() - pixels.mean()) < 2


def test_brightness_is_a_factor(pixels):
    assert apply_effects(pixels, Effects(brightness=0.5)).mean() == pytest.approx(0.5 * pixels.mean(), abs=0.6)
    assert apply_effects(pixels, Effects(brightness=3.0)).max() == 255


def test_a_border_is_black_and_moves_the_picture_by_its_width(pixels):
    bordered = apply_effects(pixels, Effects(border=5))
    assert bordered.shape == (74, 74, 3)
    assert (bordered[5:-5, 5:-5] == pixels).all()
    assert bordered[:5].max() == 0
    assert bordered[:, -5:].max() == 0


@pytest.mark.parametrize("name", ["jpeg", "png", "webp"])
def test_a_file_has_the_format_that_was_asked_for_and_says_that_it_is_a_phantom(pixels, name):
    image = opened(encode(pixels, FileKeys(format=name)))
    assert image.format == name.upper()
    assert image.getexif()[0x010E].startswith("phantom")
    assert 0x0131 not in image.getexif()


def test_png_keeps_every_pixel(pixels):
    assert (np.asarray(opened(encode(pixels, FileKeys(format="png")))) == pixels).all()


def test_quality_sets_the_size_of_the_file(pixels):
    assert len(encode(pixels, FileKeys(quality=20))) < 0.5 * len(encode(pixels, FileKeys(quality=95)))


def test_the_software_of_the_source_stands_in_the_metadata(pixels):
    assert opened(encode(pixels, FileKeys(), "Camera 3")).getexif()[0x0131] == "Camera 3"


def test_a_source_stores_files_as_it_says_and_else_as_the_spec_says():
    default = FileKeys(format="png", quality=70)
    assert Effects().file(default) == default
    assert Effects(format="jpeg").file(default) == FileKeys(format="jpeg", quality=70)
    assert Effects(quality=30).file(default) == FileKeys(format="png", quality=30)
