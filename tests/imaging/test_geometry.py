"""Squares around points, at any position and angle."""

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
few_examples = settings(max_examples=60, deadline=None)


def extent(points: np.ndarray) -> float:
    return float(np.ptp(points, axis=0).max())


def in_crop(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ inverse(matrix)[:, :2].T + inverse(matrix)[:, 2]


@few_examples
@given(clouds, angles, st.floats(0, 2), sizes)
def test_the_square_contains_all_points_with_a_free_margin(points, angle, margin, size) -> None:
    assume(extent(points) > 1)
    inside = in_crop(square_frame(points, angle, margin, size), points)
    free = margin / (1 + 2 * margin) * size
    assert inside.min() >= free - 1e-6 * size
    assert inside.max() <= size - free + 1e-6 * size


@few_examples
@given(clouds, angles, sizes)
def test_the_square_is_the_smallest_and_centred(points, angle, size) -> None:
    assume(extent(points) > 1)
    inside = in_crop(square_frame(points, angle, 0, size), points)
    low, high = inside.min(axis=0), inside.max(axis=0)
    assert max(high - low) == pytest.approx(size)
    assert low + high == pytest.approx([size, size], abs=1e-6 * size)


@few_examples
@given(clouds, angles, margins, sizes)
def test_the_square_is_rotated_and_not_mirrored(points, angle, margin, size) -> None:
    assume(extent(points) > 1)
    linear = square_frame(points, angle, margin, size)[:, :2]
    scale = np.sqrt(np.linalg.det(linear))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert linear / scale == pytest.approx(rotation, abs=1e-6)


@few_examples
@given(clouds, angles, margins, sizes)
def test_a_transform_and_its_inverse_cancel(points, angle, margin, size) -> None:
    assume(extent(points) > 1)
    matrix = square_frame(points, angle, margin, size)
    back = transform(inverse(matrix), transform(matrix, np.array([[0, 0], [size, size / 3]])))
    assert np.allclose(back, [[0, 0], [size, size / 3]], atol=1e-3 * size * max(1, 1e4 / extent(points)))


@few_examples
@given(clouds, margins, sizes)
def test_the_margin_changes_the_side_of_the_square(points, margin, size) -> None:
    assume(extent(points) > 1)
    side = np.sqrt(np.linalg.det(square_frame(points, 0, margin, size)[:, :2])) * size
    assert side == pytest.approx(extent(points) * (1 + 2 * margin))


def test_the_angle_becomes_the_crops_x_axis() -> None:
    corners = np.array([[0, 0], [100, 0], [100, 100], [0, 100]])
    matrix = square_frame(corners, np.pi / 2, 0, 100)  # a face lying on its side: its eye line points down in the image
    assert transform(matrix, [[0, 50], [100, 50]]) == pytest.approx(np.array([[50, 0], [50, 100]]), abs=1e-4)


def test_points_on_a_line_have_a_square() -> None:
    matrix = square_frame([[10, 50], [30, 50], [20, 50]], 0, 0, 20)
    assert matrix == pytest.approx(np.array([[1, 0, 10], [0, 1, 40]]))


@pytest.mark.parametrize(
    ("points", "margin", "message"),
    [
        ([[5, 5], [5, 5], [5, 5]], 0, "the points coincide"),
        ([[0, 0], [9, 0], [9, 9]], -0.5, "the margin leaves nothing"),
        ([[0, 0], [np.nan, 0], [9, 9]], 0, "finite and of shape"),
        ([[0, 0], [np.inf, 0], [9, 9]], 0, "finite and of shape"),
        ([0, 1, 2], 0, r"found \(3,\)"),
        ([[0, 1, 2]], 0, r"found \(1, 3\)"),
    ],
)
def test_invalid_points_are_an_error(points, margin, message) -> None:
    with pytest.raises(ValueError, match=message):
        square_frame(points, 0, margin, 10)


def test_transform_accepts_any_number_of_dimensions() -> None:
    matrix = np.array([[2.0, 0, 1], [0, 2, -1]])
    points = np.arange(12.0).reshape(2, 3, 2)
    transformed = transform(matrix, points)
    assert transformed.dtype == np.float32
    assert np.array_equal(transformed, points * 2 + [1, -1])
