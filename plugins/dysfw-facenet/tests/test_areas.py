"""Area averages equal means of pixels, with mid-grey outside the image."""

from __future__ import annotations

import numpy as np
import pytest
from dysfw_facenet.areas import Areas

PIXELS = np.random.default_rng(1).integers(0, 256, (30, 42, 3), dtype=np.uint8)
VALUES = (PIXELS.astype(np.float64) - 127.5) / 128


def crop(box: list[float], size: int) -> np.ndarray:
    return Areas(PIXELS).crops(np.array([box], np.float32), size)[0].transpose(1, 2, 0)


@pytest.mark.parametrize("size", [(15, 14), (30, 42), (5, 6)])
def test_resampling_by_an_integer_factor_averages_pixels(size: tuple[int, int]) -> None:
    height, width = size
    expected = VALUES.reshape(height, 30 // height, width, 42 // width, 3).mean(axis=(1, 3))
    whole = Areas(PIXELS).whole(*size)
    assert whole.dtype == np.float32
    np.testing.assert_allclose(whole, expected, atol=1e-6)


def test_a_crop_at_integer_positions_returns_the_pixels() -> None:
    np.testing.assert_allclose(crop([4.0, 3.0, 16.0, 15.0], 12), VALUES[3:15, 4:16], atol=1e-6)


def test_a_fractional_cell_is_a_weighted_mean() -> None:
    expected = VALUES[5, 7] * 0.75 + VALUES[5, 8] * 0.25
    np.testing.assert_allclose(crop([7.25, 5.0, 8.25, 6.0], 1)[0, 0], expected, atol=1e-6)


def test_whole_and_crops_agree_on_fractional_cells() -> None:
    areas = Areas(PIXELS[:, :30])
    crops = areas.crops(np.array([[0.0, 0.0, 30.0, 30.0]], np.float32), 7)
    np.testing.assert_allclose(areas.whole(7, 7), crops[0].transpose(1, 2, 0), atol=1e-6)


def test_pixels_outside_the_image_are_mid_grey() -> None:
    outside = crop([-10.0, -10.0, 10.0, 10.0], 20)
    assert not outside[:10].any()
    np.testing.assert_allclose(outside[10:, 10:], VALUES[:10, :10], atol=1e-6)


def test_sums_of_a_large_image_are_precise() -> None:
    white = np.full((3000, 4000, 3), 255, np.uint8)
    far = Areas(white).crops(np.array([[3990.5, 2990.25, 3991.5, 2991.25]], np.float32), 4)
    np.testing.assert_allclose(far, 127.5 / 128, atol=1e-6)
