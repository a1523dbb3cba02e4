import numpy as np
import pytest
from PIL import Image as Pillow

from dysfw.decoding.srgb import STRIP_BYTES, pixels_of


@pytest.mark.parametrize(
    ("width", "height"),
    [(1, 1), (7, 3), (1000, STRIP_BYTES // 3000), (1000, STRIP_BYTES // 3000 + 1), (1000, 700), (STRIP_BYTES, 2)],
    ids=["one pixel", "one strip", "exactly one strip", "a strip and a row", "several strips", "rows larger than a strip"],
)
def test_every_pixel_is_copied(width, height):
    expected = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    pixels = pixels_of(Pillow.fromarray(expected))
    np.testing.assert_array_equal(pixels, expected)
    assert pixels.flags.c_contiguous
