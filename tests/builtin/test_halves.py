"""The segmenter ``halves``."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dysfw.builtin.segmenters.halves import Halves
from dysfw.builtin.segmenters.landmark_boxes import LandmarkBoxes
from dysfw.imaging.crop import region_frame
from dysfw.imaging.geometry import inverse, transform
from dysfw.types import Crop, Face

from .test_grid import MARKS, area, face, make_image, patches


@pytest.mark.parametrize("angle", [0.0, 0.7, -2.5])
def test_each_side_contains_the_subjects_eye(angle):
    one = face(angle)
    found = patches(Halves("sides"), one)
    right_eye, left_eye, *_ = one.landmarks
    gaps = {name: [np.linalg.norm(p.mean(axis=0) - eye) for eye in (right_eye, left_eye)] for name, p in found.items()}
    assert gaps["right_half"][0] < gaps["right_half"][1]
    assert gaps["left_half"][1] < gaps["left_half"][0]
    assert area(found["right_half"]) == pytest.approx(area(found["left_half"]), rel=1e-3)


def test_levels_separate_the_eyes_from_the_mouth():
    found = patches(Halves("levels"))
    eyes, mouth = MARKS[:2] + 400, MARKS[3:] + 400
    for name, inside, outside in (("upper_half", eyes, mouth), ("lower_half", mouth, eyes)):
        low, high = found[name].min(axis=0), found[name].max(axis=0)
        assert ((inside > low) & (inside < high)).all()
        assert not ((outside > low) & (outside < high)).all(axis=1).any()


@settings(max_examples=40, deadline=None)
@given(nose=st.tuples(st.floats(-60, 60), st.floats(-200, 200)), angle=st.floats(-3, 3))
def test_levels_cover_the_face_for_any_position_of_the_nose(nose, angle):
    turned = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    one = face(angle)
    one.landmarks[2] = np.array(nose) @ turned + 400
    whole = LandmarkBoxes().segment([make_image()], [one])[0].regions[0].polygon
    upper, lower = patches(Halves("levels"), one).values()
    assert area(upper) + area(lower) == pytest.approx(area(whole), rel=1e-3)
    np.testing.assert_allclose([*upper[:2], *lower[2:]], whole, atol=0.01)
    np.testing.assert_allclose(upper[:1:-1], lower[:2], atol=0.01)


@pytest.mark.parametrize(("name", "others"), [("right_half", [1, 4]), ("left_half", [0, 3])])
def test_the_crop_of_a_side_excludes_the_other_eye_and_corner_of_the_mouth(name, others):
    one = face(0.3)
    (region,) = [r for r in Halves().segment([make_image()], [one])[0].regions if r.name == name]
    frame = inverse(region_frame(one, region, Crop(min_side=0.0), 1))
    inside = ((transform(frame, one.landmarks) > 0) & (transform(frame, one.landmarks) < 1)).all(axis=1)
    assert [i for i in range(5) if not inside[i]] == others


def test_a_displaced_mouth_does_not_move_the_midline():
    straight = face()
    landmarks = straight.landmarks.copy()
    landmarks[2:] += (8, 0)
    for one in (straight, Face(straight.box, 1.0, landmarks)):
        found = patches(Halves(), one)
        assert found["right_half"][:, 0].max() == pytest.approx(400)
        assert found["left_half"][:, 0].min() == pytest.approx(400)


def test_mirroring_swaps_the_sides():
    one, image = face(0.2), make_image()
    landmarks = one.landmarks[[1, 0, 2, 4, 3]] * [-1, 1] + [image.width, 0]
    here, there = patches(Halves(), one), patches(Halves(), Face(one.box, 1.0, landmarks.astype(np.float32)))
    for name, twin in (("right_half", "left_half"), ("left_half", "right_half")):
        np.testing.assert_allclose(here[name].mean(axis=0), there[twin].mean(axis=0) * [-1, 1] + [image.width, 0], atol=0.01)


def test_a_half_mostly_outside_the_image_is_absent_with_a_reason():
    found = Halves().segment([make_image()], [face(at=(0, 400))])[0]
    assert dict(found.absent) == {"right_half": "out of the image"}
    assert [region.name for region in found.regions] == ["left_half"]


def test_other_values_are_refused():
    with pytest.raises(ValueError, match="by must be sides or levels"):
        Halves("quarters")
