import numpy as np

from dysfw.explain.occlusion import CELLS
from dysfw.explain.saliency_map import SaliencyMap, heat

SIDE = 80


def map_of(importance: np.ndarray, to_image) -> SaliencyMap:
    return SaliencyMap(
        "nose", importance[None].astype(np.float32), np.zeros((SIDE, SIDE, 3), np.uint8), np.array(to_image, float), "occlusion"
    )


def test_maps_are_read_where_their_crops_lie_and_added():
    one, other = np.zeros((CELLS, CELLS)), np.zeros((CELLS, CELLS))
    one[2, 5], other[0, 0] = 0.5, -0.25
    placed = map_of(one, [[2, 0, 100], [0, 2, 50]])  # twice as large, and moved
    turned = map_of(other, [[0, -1, 420], [1, 0, 90]])  # a quarter turn: its x runs downwards, its y to the left
    cell = SIDE / CELLS
    middle = [100 + 2 * 5.5 * cell, 50 + 2 * 2.5 * cell]
    corner = [420 - 0.5 * cell, 90 + 0.5 * cell]
    found = heat([placed, turned], 0, [[middle, corner], [[0, 0], [100 + 2 * SIDE + 1, 55]]])
    assert found.shape == (2, 2)
    assert found[0].tolist() == [0.5, -0.25]
    assert found[1].tolist() == [0, 0]
    assert heat([placed, placed], 0, [middle])[0] == 1
