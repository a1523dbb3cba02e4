import numpy as np

from dysfw.explain.occlusion import CELLS
from dysfw.explain.saliency_map import SaliencyMap, heat

SIDE = 80


def make_map(importance: np.ndarray, to_image) -> SaliencyMap:
    return SaliencyMap(
        "nose", importance[None].astype(np.float32), np.zeros((SIDE, SIDE, 3), np.uint8), np.array(to_image, float), "occlusion"
    )


def test_maps_are_placed_on_the_image_and_summed():
    one, other = np.zeros((CELLS, CELLS)), np.zeros((CELLS, CELLS))
    one[2, 5], other[0, 0] = 0.5, -0.25
    placed = make_map(one, [[2, 0, 100], [0, 2, 50]])  # scaled by 2 and shifted
    rotated = make_map(other, [[0, -1, 420], [1, 0, 90]])  # rotated by 90°: x runs down, y to the left
    cell = SIDE / CELLS
    centre = [100 + 2 * 5.5 * cell, 50 + 2 * 2.5 * cell]
    corner = [420 - 0.5 * cell, 90 + 0.5 * cell]
    values = heat([placed, rotated], 0, [[centre, corner], [[0, 0], [100 + 2 * SIDE + 1, 55]]])
    assert values.shape == (2, 2)
    assert values[0].tolist() == [0.5, -0.25]
    assert values[1].tolist() == [0, 0]
    assert heat([placed, placed], 0, [centre])[0] == 1
