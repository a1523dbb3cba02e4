"""The segmenter ``grid``."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dysfw.builtin.segmenters.grid import Grid
from dysfw.builtin.segmenters.landmark_boxes import LandmarkBoxes
from dysfw.types import Face, Image

MARKS = np.array([[-30, 0], [30, 0], [0, 38], [-24, 66], [24, 66]])


def make_image(width=800, height=800):
    return Image(np.broadcast_to(np.uint8(0), (height, width, 3)), "synthetic", "0" * 64)


def face(angle=0.0, scale=1.0, at=(400, 400)):
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    landmarks = scale * MARKS @ turn + at
    box = np.concatenate([landmarks.min(axis=0) - 40 * scale, landmarks.max(axis=0) + 40 * scale])
    return Face(box.astype(np.float32), 1.0, landmarks.astype(np.float32))


def patches(grid, one=None, image=None):
    return {r.name: r.polygon for r in grid.segment([image or make_image()], [one or face()])[0].regions}


def area(polygon):
    x, y = polygon.T.astype(float)
    return abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(1, 5), columns=st.integers(1, 5), angle=st.floats(-3, 3))
def test_patches_tile_the_face_without_gap_or_overlap(rows, columns, angle):
    one = face(angle)
    whole = LandmarkBoxes().segment([make_image()], [one])[0].regions[0].polygon
    found = patches(Grid(rows, columns), one)
    assert len(found) == rows * columns
    areas = [area(p) for p in found.values()]
    np.testing.assert_allclose(areas, area(whole) / (rows * columns), rtol=1e-3)
    corners = np.concatenate(list(found.values()))
    assert min(np.linalg.norm(corners - c, axis=1).min() for c in whole) < 0.01


def test_names_of_patches_sort_by_position():
    grid = Grid(12, 2)
    assert grid.regions == tuple(sorted(grid.regions))
    assert grid.regions[0] == "row01_column1"
    found = patches(Grid(2, 2))
    centre = {name: p.mean(axis=0) for name, p in found.items()}
    assert centre["row1_column1"][0] < centre["row1_column2"][0]
    assert centre["row1_column1"][1] < centre["row2_column1"][1]


def test_a_mirrored_face_has_mirrored_patches():
    image = make_image()
    one = face(0.2)
    landmarks = one.landmarks[[1, 0, 2, 4, 3]] * [-1, 1] + [image.width, 0]
    twin = Face(one.box, 1.0, landmarks.astype(np.float32))
    here, there = patches(Grid(2, 3), one), patches(Grid(2, 3), twin)
    for row in (1, 2):
        for column in (1, 2, 3):
            a, b = here[f"row{row}_column{column}"], there[f"row{row}_column{4 - column}"]
            np.testing.assert_allclose(a.mean(axis=0), b.mean(axis=0) * [-1, 1] + [image.width, 0], atol=0.01)


def test_overlapping_patches_still_cover_the_face():
    plain, wide = patches(Grid(1, 2)), patches(Grid(1, 2, overlap=0.5))
    first, second = (wide[f"row1_column{n}"] for n in (1, 2))
    assert second[:, 0].min() == pytest.approx(first[:, 0].mean())
    for end in ("min", "max"):
        reached = [getattr(np.concatenate(list(found.values()))[:, 0], end)() for found in (plain, wide)]
        assert reached[0] == pytest.approx(reached[1])


def test_a_patch_mostly_outside_the_image_is_absent_with_a_reason():
    found = Grid(1, 2).segment([make_image()], [face(at=(0, 400))])[0]
    assert dict(found.absent) == {"row1_column1": "out of the image"}


@pytest.mark.parametrize("parameters", [{"rows": 0}, {"columns": 13}, {"overlap": 0.95}])
def test_invalid_parameters_are_refused(parameters):
    with pytest.raises(ValueError, match="must be"):
        Grid(**parameters)
