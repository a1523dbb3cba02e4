"""All levels of the pyramid on one canvas give what each level gives alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from dysfw_facenet.areas import Areas
from dysfw_facenet.networks import load
from dysfw_facenet.pyramid import BORDER, GRID, STRIDE, pyramid_of
from facenet_pytorch.models.mtcnn import PNet
from torch.nn.functional import pad

SIZES = [(288, 288), (120, 301), (301, 120), (97, 97), (480, 1999)]


@pytest.mark.parametrize("size", SIZES)
def test_levels_do_not_overlap_and_the_canvas_is_small(size: tuple[int, int]) -> None:
    pyramid = pyramid_of(*size, 28.8)
    covered = np.zeros((pyramid.height, pyramid.width), int)
    for level in pyramid.levels:
        assert level.row % STRIDE == level.column % STRIDE == 0
        pixels = covered[level.row + BORDER :, level.column + BORDER :][: level.height, : level.width]
        assert pixels.shape == (level.height, level.width)
        pixels += 1
    assert covered.max() == 1
    assert pyramid.height % GRID == pyramid.width % GRID == 0
    assert len({(level.height, level.width) for level in pyramid.levels}) == len(pyramid.levels) >= 3
    with_borders = sum((level.height + 2 * BORDER) * (level.width + 2 * BORDER) for level in pyramid.levels)
    assert pyramid.height * pyramid.width < 1.15 * with_borders + GRID * (pyramid.height + pyramid.width)


def test_an_image_smaller_than_a_face_has_no_levels() -> None:
    assert pyramid_of(9, 4000, 20.0).levels == ()


@pytest.mark.parametrize("size", SIZES[:4])
@pytest.mark.parametrize("runtime", ["torch", "onnxruntime", "openvino"])
def test_each_window_equals_facenet_pytorchs(runtime: str, size: tuple[int, int]) -> None:
    areas = Areas(np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8))
    pyramid = pyramid_of(*size, 23.0)
    sides = {side % 2 for level in pyramid.levels for side in (level.height, level.width)}
    assert sides == {0, 1}  # max pooling treats odd and even sides differently
    outputs = load(runtime, "cpu").pnet(pyramid.canvas(areas.whole)[None])[0]
    reference = PNet(pretrained=True).eval()
    for number, level in enumerate(pyramid.levels):
        pixels = torch.from_numpy(areas.whole(level.height, level.width)).permute(2, 0, 1)[None]
        with torch.no_grad():
            shifts, scores = reference(pad(pixels, [BORDER] * 4))
        rows, columns = np.nonzero(pyramid.level_of == number)
        found = outputs[:, rows, columns]
        assert found.shape[1] == scores[0, 1].numel()
        np.testing.assert_allclose(found[1:], shifts[0].flatten(1), atol=1e-4)
        np.testing.assert_allclose(1 / (1 + np.exp(-found[0])), scores[0, 1].flatten(), atol=1e-5)
