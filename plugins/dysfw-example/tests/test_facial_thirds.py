from dataclasses import replace

import numpy as np
import pytest
from dysfw_example.facial_thirds import HEIGHTS, NAMES, FacialThirds


def paint_rows(image, rows, colour):
    """Cover some rows of an image."""
    pixels = image.pixels.copy()
    pixels[rows] = colour
    return replace(image, pixels=pixels)


def test_bands_are_adjacent_and_have_equal_heights(dysfw_images, dysfw_faces):
    for segmentation in FacialThirds(min_skin=0).segment(dysfw_images, dysfw_faces):
        assert tuple(region.name for region in segmentation.regions) == NAMES
        heights = [np.linalg.norm(region.polygon[3] - region.polygon[0]) for region in segmentation.regions]
        np.testing.assert_allclose(heights, heights[0], rtol=1e-4)
        upper, middle, _ = (region.polygon for region in segmentation.regions)
        np.testing.assert_allclose(upper[2:], middle[1::-1], rtol=1e-4)


def test_skin_lies_within_its_band(dysfw_images, dysfw_faces):
    bands = FacialThirds(min_skin=0).segment(dysfw_images, dysfw_faces)
    skins = FacialThirds().segment(dysfw_images, dysfw_faces)
    for band, skin in zip(bands, skins, strict=True):
        assert [region.name for region in skin.regions] == list(NAMES)
        for whole, part in zip(band.regions, skin.regions, strict=True):
            low, high = whole.polygon.min(axis=0), whole.polygon.max(axis=0)
            assert (part.polygon >= low - 0.01).all()
            assert (part.polygon <= high + 0.01).all()


@pytest.mark.parametrize("colour", [(30, 30, 160), (5, 5, 5), (250, 250, 250)])
def test_a_covered_forehead_is_absent_with_the_reason(dysfw_images, dysfw_faces, colour):
    for image, face in zip(dysfw_images, dysfw_faces, strict=True):
        brows = int(face.landmarks[:2, 1].min() - 0.1 * (face.landmarks[3, 1] - face.landmarks[0, 1]))
        (segmentation,) = FacialThirds().segment([paint_rows(image, slice(0, brows), colour)], [face])
        assert [region.name for region in segmentation.regions] == ["middle_third", "lower_third"]
        assert segmentation.absent["upper_third"].startswith("covered: ")


def test_a_mask_covers_the_lower_third(dysfw_images, dysfw_faces):
    image, face = dysfw_images[2], dysfw_faces[2]  # with level eyes
    eyes, mouth = face.landmarks[:2, 1].mean(), face.landmarks[3:, 1].mean()
    below = int(eyes + HEIGHTS[2] * (mouth - eyes))
    (segmentation,) = FacialThirds().segment([paint_rows(image, slice(below, None), (120, 170, 200))], [face])
    assert "lower_third" not in [region.name for region in segmentation.regions]


def test_outlines_do_not_depend_on_the_exposure(dysfw_images, dysfw_faces):
    areas = []
    for gain in (0.5, 1.0):
        images = [replace(i, pixels=(i.pixels * gain).astype(np.uint8)) for i in dysfw_images]
        areas.append([area(r.polygon) for one in FacialThirds().segment(images, dysfw_faces) for r in one.regions])
    np.testing.assert_allclose(areas[0], areas[1], rtol=0.1)


def test_a_third_outside_the_image_is_absent(dysfw_images, dysfw_faces):
    image, face = dysfw_images[0], dysfw_faces[0]
    up = replace(face, landmarks=face.landmarks - np.float32([0, face.landmarks[0, 1] - 20]))
    (segmentation,) = FacialThirds().segment([image], [up])
    assert segmentation.absent["upper_third"] == "out of the image"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"width": 0}, "width must be above 0, found 0"),
        ({"min_skin": 1.5}, "min_skin must be between 0 and 1, found 1.5"),
        ({"tolerance": -1}, "tolerance must be above 0, found -1"),
        ({"width": float("nan")}, "width must be above 0, found nan"),
    ],
)
def test_invalid_parameters_are_rejected(wrong, message):
    with pytest.raises(ValueError, match=message):
        FacialThirds(**wrong)


def area(polygon):
    x, y = polygon.T.astype(float)
    return abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2
