"""The warp, compared with an independent reference implementation, and crops of regions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from dysfw.imaging.crop import crop_region
from dysfw.imaging.geometry import inverse, square_frame
from dysfw.imaging.warp import warp
from dysfw.types import Crop, Face, Image, Region

HEIGHT, WIDTH = 160, 200


def smooth(height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Slow waves, different in each channel, on which all good samplers agree."""
    y, x = np.mgrid[:height, :width] + 0.5
    waves = [128 + 100 * np.sin(x / 17 + k) * np.cos(y / (19 + k)) for k in range(3)]
    return np.stack(waves, axis=-1).astype(np.uint8)


def noise(height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def rotated_frame(angle: float, scale: float, size: int, centre: tuple[float, float]) -> np.ndarray:
    """The frame of a crop ``size`` px wide at ``scale`` source px per crop px, rotated about its centre."""
    half = scale * size / 2
    axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = np.array([[-half, -half], [half, -half], [half, half], [-half, half]]) @ axes + centre
    return square_frame(corners, angle, 0, size)


def reference(pixels: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    """By definition: the mean of many points in each pixel of the crop, each taken from a spline through the mirrored image."""
    scale = np.sqrt(np.linalg.det(matrix[:, :2]))
    fine = max(1, round(scale)) if scale > 1 else 1
    steps = (np.arange(size * fine) + 0.5) / fine
    x, y = np.meshgrid(steps, steps)
    at = np.stack([x, y], axis=-1) @ matrix[:, :2].T + matrix[:, 2] - 0.5
    where = [at[..., 1], at[..., 0]]
    channels = [ndimage.map_coordinates(pixels[..., c].astype(float), where, order=3, mode="reflect") for c in range(3)]
    return np.stack(channels, axis=-1).reshape(size, fine, size, fine, 3).mean(axis=(1, 3))


@pytest.mark.parametrize("angle", [0, 0.3, -1.2, np.pi / 2, 3.0])
@pytest.mark.parametrize("scale", [0.1, 0.5, 0.9, 1, 1.3, 1.7, 2.4, 3, 4.6])
@pytest.mark.parametrize("centre", [(100, 80), (20, 150)], ids=["inside", "across the edge"])
def test_the_warp_agrees_with_splines_on_a_smooth_image(angle, scale, centre) -> None:
    pixels = smooth()
    matrix = rotated_frame(angle, scale, 24, centre)
    difference = warp(pixels, matrix, 24) - reference(pixels, matrix, 24)
    assert abs(difference).max() < 1.7 + 0.8 * scale  # of 255
    assert abs(difference).mean() < 0.6 + 0.2 * scale


def test_the_identity_changes_nothing() -> None:
    pixels = noise(64, 64)
    assert np.array_equal(warp(pixels, np.array([[1.0, 0, 0], [0, 1, 0]]), 64), pixels)


@pytest.mark.parametrize(("x", "y"), [(0, 0), (17, 5), (136, 96)])
def test_a_shift_by_whole_pixels_is_exact(x, y) -> None:
    pixels = noise()
    assert np.array_equal(warp(pixels, np.array([[1.0, 0, x], [0, 1, y]]), 64), pixels[y : y + 64, x : x + 64])


def test_the_edge_of_a_crop_is_sampled_from_the_whole_image() -> None:
    pixels = noise()
    small = warp(pixels, np.array([[1.0, 0, 40.5], [0, 1, 30.25]]), 40)
    large = warp(pixels, np.array([[1.0, 0, 32.5], [0, 1, 22.25]]), 56)
    assert np.array_equal(small, large[8:48, 8:48])


def test_a_rotation_by_90_degrees_keeps_pixel_values() -> None:
    pixels = noise(64, 64)
    crop = warp(pixels, square_frame([[0, 0], [64, 64]], np.pi / 2, 0, 64), 64)
    assert abs(crop.astype(int) - np.rot90(pixels)).max() <= 1


def test_a_reduction_by_an_integer_is_a_block_mean() -> None:
    pixels = noise(96, 96)
    means = pixels.reshape(32, 3, 32, 3, 3).mean(axis=(1, 3))
    assert abs(warp(pixels, square_frame([[0, 0], [96, 96]], 0, 0, 32), 32) - means).max() <= 1


@pytest.mark.parametrize("angle", [0, 0.2])
@pytest.mark.parametrize("scale", [1.35, 1.6, 2, 2.4, 4, 6, 8.5])
def test_a_reduced_checkerboard_is_grey(scale, angle) -> None:
    y, x = np.mgrid[:600, :600]
    board = np.repeat(((x + y) % 2 * 255).astype(np.uint8)[..., None], 3, axis=2)
    crop = warp(board, rotated_frame(angle, scale, 40, (300, 300)), 40)
    # Of 128. For scales between 1 and 2, four samples per pixel leave a small difference; one would leave nearly all of it.
    assert abs(crop.astype(int) - 128).max() <= {1.35: 32, 1.6: 12}.get(scale, 2)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-np.pi, np.pi), st.floats(0.05, 12), st.tuples(st.floats(-400, 600), st.floats(-400, 600)), st.integers(0, 255)
)  # fmt: skip
def test_a_uniform_image_has_no_border_in_any_crop(angle, scale, centre, grey) -> None:
    pixels = np.full((48, 64, 3), grey, np.uint8)
    assert (warp(pixels, rotated_frame(angle, scale, 32, centre), 32) == grey).all()


def test_the_image_is_mirrored_at_its_edges() -> None:
    pixels = noise(64, 64)
    left = warp(pixels, np.array([[1.0, 0, -64], [0, 1, 0]]), 64)
    assert np.array_equal(left, pixels[:, ::-1])
    assert np.array_equal(warp(pixels, np.array([[1.0, 0, 128], [0, 1, -128]]), 64), pixels)


@pytest.mark.parametrize(
    "centre", [(100, 80), (20, 150), (-300, 500)], ids=["inside", "across the edge", "mirrored several times"]
)
@pytest.mark.parametrize("scale", [2.4, 7.6])
def test_bands_and_mirroring_change_nothing(monkeypatch, scale, centre) -> None:
    pixels, matrix, far = noise(), rotated_frame(0.3, scale, 24, centre), 1000
    crop = warp(pixels, matrix, 24)
    monkeypatch.setattr("dysfw.imaging.warp.BAND_BYTES", 4000)
    assert np.array_equal(warp(pixels, matrix, 24), crop)
    mirrored = np.pad(pixels, ((far, far), (far, far), (0, 0)), mode="symmetric")
    assert np.array_equal(warp(mirrored, matrix + np.array([[0, 0, far], [0, 0, far]]), 24), crop)


def test_a_spot_is_at_its_place_at_any_scale() -> None:
    pixels = np.zeros((400, 400, 3), np.uint8)
    pixels[320:330, 70:80] = 255
    for scale in (1, 2, 3, 5):
        matrix = rotated_frame(0.4, scale, 30, (70, 320))
        y, x = np.argwhere(warp(pixels, matrix, 30)[..., 0] > 40).mean(axis=0) + 0.5
        assert (x, y) == pytest.approx(inverse(matrix) @ (75, 325, 1), abs=0.6)


def test_the_input_is_not_modified() -> None:
    pixels = noise()
    pixels.flags.writeable = False
    matrix = rotated_frame(0.3, 1.7, 40, (10, 10))
    before, frame = pixels.copy(), matrix.copy()
    warp(pixels, matrix, 40)
    assert np.array_equal(pixels, before)
    assert np.array_equal(matrix, frame)


# Crops of regions


def rolled_face(roll: float) -> tuple[Image, Face, Region]:
    """A face that leans by ``roll``: two bright dots for the eyes, and a region around them."""
    axes = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    marks = np.array([[-30, 0], [30, 0], [0, 30], [-25, 60], [25, 60]]) @ axes + (120, 120)
    y, x = np.mgrid[:240, :240] + 0.5
    dots = sum(np.exp(-((x - mx) ** 2 + (y - my) ** 2) / 18) for mx, my in marks[:2])
    pixels = np.repeat((255 * dots).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
    polygon = np.array([[-50, -50], [50, -50], [50, 50], [-50, 50]]) @ axes + (120, 120)
    face = Face(np.array([70, 70, 170, 170], np.float32), 1.0, marks.astype(np.float32))
    return Image(pixels, "drawn", "0" * 64), face, Region("periorbital", polygon.astype(np.float32))


def eye_line(crop: np.ndarray) -> np.ndarray:
    """The vector from the left to the right dot of a crop."""
    labelled, number = ndimage.label(crop[..., 0] > 100)
    assert number == 2
    (y0, x0), (y1, x1) = sorted(ndimage.center_of_mass(crop[..., 0], labelled, [1, 2]), key=lambda at: at[1])
    return np.array([x1 - x0, y1 - y0])


@pytest.mark.parametrize("roll", [-1.2, -0.4, 0, 0.1, 0.7, 1.3])
def test_an_aligned_crop_has_a_level_eye_line(roll) -> None:
    image, face, region = rolled_face(roll)
    dx, dy = eye_line(crop_region(image, face, region, Crop(align=True, margin=0, min_side=0), 100))
    assert (dx, dy) == pytest.approx((60, 0), abs=1)


@pytest.mark.parametrize("roll", [-0.4, 0.7])
def test_a_crop_that_is_not_aligned_keeps_the_roll_of_the_face(roll) -> None:
    image, face, region = rolled_face(roll)
    dx, dy = eye_line(crop_region(image, face, region, Crop(align=False, margin=0, min_side=0), 100))
    assert np.arctan2(dy, dx) == pytest.approx(roll, abs=0.03)


def test_an_upside_down_face_becomes_upright() -> None:
    image, face, region = rolled_face(np.pi)
    upright = crop_region(*rolled_face(0.0), Crop(align=True, margin=0.1, min_side=0), 120)
    assert abs(crop_region(image, face, region, Crop(align=True, margin=0.1, min_side=0), 120).astype(int) - upright).max() <= 2


def test_a_margin_shows_more_of_the_image() -> None:
    image, face, region = rolled_face(0.0)
    near = eye_line(crop_region(image, face, region, Crop(align=True, margin=0, min_side=0), 100))
    wide = eye_line(crop_region(image, face, region, Crop(align=True, margin=0.5, min_side=0), 100))
    assert near[0] == pytest.approx(2 * wide[0], abs=1)


def test_a_small_region_keeps_its_surroundings() -> None:
    image, face, _ = rolled_face(0.0)
    dot = Region("periorbital", np.array([[118, 118], [122, 118], [122, 122], [118, 122]], np.float32))
    eyes = eye_line(crop_region(image, face, dot, Crop(margin=0, min_side=1.0), 100))  # the face's box is 100 px wide
    assert eyes == pytest.approx([60, 0], abs=1)


def test_a_crop_has_the_requested_size() -> None:
    crop = crop_region(*rolled_face(0.2), Crop(align=True, margin=0.15, min_side=0), 37)
    assert crop.shape == (37, 37, 3)
    assert crop.dtype == np.uint8
