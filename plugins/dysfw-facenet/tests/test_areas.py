"""Area averages equal means of pixels, with mid-grey outside the image."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from dysfw_facenet.areas import Areas

PIXELS = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (2, 30, 42, 3), dtype=np.uint8))
VALUES = (PIXELS.permute(0, 3, 1, 2).float() - 127.5) / 128


def crop(box: list[float], image_index: int, size: int) -> torch.Tensor:
    return Areas(PIXELS).crops(torch.tensor([box]), torch.tensor([image_index]), size)[0]


@pytest.mark.parametrize("size", [(15, 14), (30, 42), (5, 6)])
def test_resampling_by_an_integer_factor_averages_pixels(size: tuple[int, int]) -> None:
    expected = torch.nn.functional.interpolate(VALUES, size=size, mode="area")
    torch.testing.assert_close(Areas(PIXELS).whole(*size), expected)


def test_a_crop_at_integer_positions_returns_the_pixels() -> None:
    torch.testing.assert_close(crop([4.0, 3.0, 16.0, 15.0], 1, 12), VALUES[1, :, 3:15, 4:16])


def test_a_fractional_cell_is_a_weighted_mean() -> None:
    expected = VALUES[0, :, 5, 7] * 0.75 + VALUES[0, :, 5, 8] * 0.25
    torch.testing.assert_close(crop([7.25, 5.0, 8.25, 6.0], 0, 1)[:, 0, 0], expected)


def test_whole_and_crops_agree_on_fractional_cells() -> None:
    areas = Areas(PIXELS[:, :, :30])
    crops = areas.crops(torch.tensor([[0.0, 0.0, 30.0, 30.0]]), torch.tensor([0]), 7)
    torch.testing.assert_close(areas.whole(7, 7)[:1], crops)


def test_pixels_outside_the_image_are_mid_grey() -> None:
    outside = crop([-10.0, -10.0, 10.0, 10.0], 0, 20)
    assert torch.equal(outside[:, :10, :], torch.zeros(3, 10, 20))
    torch.testing.assert_close(outside[:, 10:, 10:], VALUES[0, :, :10, :10])
