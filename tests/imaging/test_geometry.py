"""Frames: what a square around some points must be, wherever they lie and however they are turned."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dysfw.imaging.geometry import inverse, square_frame, transform

coordinates = st.floats(-1e4, 1e4)
clouds = st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=12).map(np.array)
angles = st.floats(-np.pi, np.pi)
margins = st.floats(-0.4, 2)
sizes = st.integers(8, 512)
few = settings(max_examples=60, deadline=None)


def spread(points: np.ndarray) -> float:
    return float(np.ptp(points, axis=0).max())


def in_crop(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ inverse(matrix)[:, :2].T + inverse(matrix)[:, 2]


@few
@given(clouds, angles, st.floats(0, 2), sizes)
def test_the_frame_contains_all_its_points_and_keeps_the_margin_free(points, angle, margin, size) -> None:
    assume(spread(points) > 1)
    inside = in_crop(square_frame(points, angle, margin, size), points)
    free = margin / (1 + 2 * margin) * size
    assert inside.min() >= free - 1e-6 * size
    assert inside.max() <= size - free + 1e-6 * size


@few
@given(clouds, angles, sizes)
def test_the_frame_is_the_smallest_and_lies_in_the_middle(points, angle, size) -> None:
    assume(spread(points) > 1)
    inside = in_crop(square_frame(points, angle, 0, size), points)
    low, high = inside.min(axis=0), inside.max(axis=0)
    assert max(high - low) == pytest.approx(size)
    assert low + high == pytest.approx([size, size], abs=1e-6 * size)


@few
@given(clouds, angles, margins, sizes)
def test_the_frame_is_a_square_that_is_turned_and_not_mirrored(points, angle, margin, size) -> None:
    assume(spread(points) > 1)
    linear = square_frame(points, angle, margin, size)[:, :2]
    scale = np.sqrt(np.linalg.det(linear))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert linear / scale == pytest.approx(turn, abs=1e-6)


@few
@given(clouds, angles, margins, sizes)
def test_there_and_back_is_where_one_was(points, angle, margin, size) -> None:
    assume(spread(points) > 1)
    matrix = square_frame(points, angle, margin, size)
    back = transform(inverse(matrix), transform(matrix, np.array([[0, 0], [size, size / 3]])))
    assert np.allclose(back, [[0, 0], [size, size / 3]], atol=1e-3 * size * max(1, 1e4 / spread(points)))


@few
@given(clouds, margins, sizes)
def test_a_negative_margin_cuts_in_and_a_positive_one_widens(points, margin, size) -> None:
    assume(spread(points) > 1)
    side = np.sqrt(np.linalg.det(square_frame(points, 0, margin, size)[:, :2])) * size
    assert side == pytest.approx(spread(points) * (1 + 2 * margin))


def test_the_angle_becomes_the_crops_x_axis() -> None:
    corners = np.array([[0, 0], [100, 0], [100, 100], [0, 100]])
    matrix = square_frame(corners, np.pi / 2, 0, 100)  # a face lying on its side: its eye line points down in the image
    assert transform(matrix, [[0, 50], [100, 50]]) == pytest.approx(np.array([[50, 0], [50, 100]]), abs=1e-4)


def test_a_line_of_points_has_a_frame_as_wide_as_it_is_long() -> None:
    matrix = square_frame([[10, 50], [30, 50], [20, 50]], 0, 0, 20)
    assert matrix == pytest.approx(np.array([[1, 0, 10], [0, 1, 40]]))


@pytest.mark.parametrize(
    ("points", "margin", "words"),
    [
        ([[5, 5], [5, 5], [5, 5]], 0, "the points coincide"),
        ([[0, 0], [9, 0], [9, 9]], -0.5, "the margin leaves nothing"),
        ([[0, 0], [np.nan, 0], [9, 9]], 0, "finite and of shape"),
        ([[0, 0], [np.inf, 0], [9, 9]], 0, "finite and of shape"),
        ([0, 1, 2], 0, r"found \(3,\)"),
        ([[0, 1, 2]], 0, r"found \(1, 3\)"),
    ],
)
def test_points_without_a_frame_are_refused(points, margin, words) -> None:
    with pytest.raises(ValueError, match=words):
        square_frame(points, 0, margin, 10)


def test_transform_takes_any_number_of_dimensions() -> None:
    matrix = np.array([[2.0, 0, 1], [0, 2, -1]])
    points = np.arange(12.0).reshape(2, 3, 2)
    found = transform(matrix, points)
    assert found.dtype == np.float32
    assert np.array_equal(found, points * 2 + [1, -1])
