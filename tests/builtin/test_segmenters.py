"""The segmenters ``landmark_boxes`` and ``whole_face``."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dysfw.builtin.segmenters.face_axes import MIN_INSIDE, fraction_inside
from dysfw.builtin.segmenters.landmark_boxes import LandmarkBoxes
from dysfw.builtin.segmenters.whole_face import WholeFace
from dysfw.types import ANATOMY, Face, Image, Segmentation

CENTRE = np.array([400.0, 400.0])
# An upright adult face: pupils 60 px apart, the mouth 66 px below them.
MARKS = np.array([[-30, 0], [30, 0], [0, 38], [-24, 66], [24, 66]])
BOX = np.array([[-65, -70], [65, 110]])
few = settings(max_examples=50, deadline=None)


def make_image(width: int = 800, height: int = 800) -> Image:
    return Image(np.broadcast_to(np.uint8(0), (height, width, 3)), "synthetic", "0" * 64)


def rotate(points: np.ndarray, angle: float) -> np.ndarray:
    """Rotate clockwise in the image, as in ``Face.roll``."""
    return points @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def face(angle: float = 0, scale: float = 1, at: np.ndarray = CENTRE, marks: np.ndarray = MARKS) -> Face:
    corners = rotate(np.array([[x, y] for x in BOX[:, 0] for y in BOX[:, 1]]) * scale, angle) + at
    box = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
    return Face(box.astype(np.float32), 1.0, (rotate(marks * scale, angle) + at).astype(np.float32))


def boxes(found: Segmentation) -> dict[str, np.ndarray]:
    return {region.name: region.polygon for region in found.regions}


def segment(subject: Face, image: Image | None = None) -> Segmentation:
    return LandmarkBoxes().segment([image or make_image()], [subject])[0]


def spans(polygon: np.ndarray) -> tuple[float, float, float, float]:
    return (*polygon.min(axis=0), *polygon.max(axis=0))


# landmark_boxes


def test_a_frontal_face_has_all_regions_in_order() -> None:
    found = segment(face())
    assert LandmarkBoxes().regions == ANATOMY
    assert tuple(region.name for region in found.regions) == ANATOMY
    assert found.absent == {}
    assert all(region.polygon.dtype == np.float32 and region.polygon.shape == (4, 2) for region in found.regions)


def test_each_box_contains_its_landmarks() -> None:
    found = boxes(segment(face()))
    eyes, nose, mouth = MARKS[:2] + CENTRE, MARKS[2] + CENTRE, MARKS[3:] + CENTRE
    for name, points in {"periorbital": eyes, "nose": nose[None], "mouth": mouth, "face": MARKS + CENTRE}.items():
        x0, y0, x1, y1 = spans(found[name])
        assert ((points > (x0, y0)) & (points < (x1, y1))).all(), name
    assert spans(found["forehead"])[3] < eyes[0, 1]
    assert nose[1] < spans(found["philtrum"])[1] < spans(found["philtrum"])[3] <= mouth[0, 1]
    assert spans(found["chin"])[1] > mouth[0, 1]


def test_parts_are_ordered_vertically_inside_the_face() -> None:
    found = boxes(segment(face()))
    centres = [found[name].mean(axis=0)[1] for name in ANATOMY[1:]]
    assert centres == sorted(centres)
    x0, y0, x1, y1 = spans(found["face"])
    for name in ANATOMY[1:]:
        a0, b0, a1, b1 = spans(found[name])
        assert a0 >= x0
        assert a1 <= x1
        assert b0 >= y0
        assert b1 <= y1 + 0.05 * 60 + 1e-3, name  # the chin's box reaches slightly lower


@few
@given(st.floats(-np.pi, np.pi), st.floats(0.3, 2))
def test_boxes_rotate_and_scale_with_the_face(angle, scale) -> None:
    upright, rotated = boxes(segment(face())), boxes(segment(face(angle, scale)))
    assert upright.keys() == rotated.keys()
    for name, polygon in upright.items():
        assert rotated[name] == pytest.approx(rotate((polygon - CENTRE) * scale, angle) + CENTRE, abs=0.02)


@few
@given(st.floats(0.05, 1))
def test_a_turned_head_keeps_the_height_of_its_boxes(narrowing) -> None:
    narrow = boxes(segment(face(marks=MARKS * (narrowing, 1))))
    for name, polygon in boxes(segment(face())).items():
        assert np.ptp(narrow[name][:, 1]) == pytest.approx(np.ptp(polygon[:, 1]), rel=0.02)


@few
@given(st.lists(st.tuples(st.floats(-80, 80), st.floats(-80, 80)), min_size=5, max_size=5).map(np.array))
def test_unusual_landmarks_still_give_boxes_with_a_height(marks) -> None:
    marks[1, 0] = marks[0, 0] + 40  # eyes that are apart; the rest may lie anywhere
    found = segment(face(marks=marks))
    assert set(boxes(found)) | set(found.absent) == set(ANATOMY)
    for polygon in boxes(found).values():
        assert np.isfinite(polygon).all()
        assert np.linalg.norm(polygon[3] - polygon[0]) > 3


def test_regions_outside_the_image_are_absent_with_a_reason() -> None:
    found = segment(face(at=np.array([400.0, 30.0])))  # the forehead lies above the upper edge
    assert found.absent == {"forehead": "out of the image"}
    found = segment(face(at=np.array([-300.0, 400.0])))
    assert found.regions == ()
    assert set(found.absent) == set(ANATOMY)


def test_regions_less_than_half_visible_are_absent() -> None:
    for shift in range(0, 80, 5):
        subject = face(at=np.array([400.0, 800.0 - shift]))
        found, whole = segment(subject), boxes(segment(subject, make_image(800, 2000)))
        for name, polygon in whole.items():
            top, bottom = polygon[:, 1].min(), polygon[:, 1].max()
            visible = np.clip((800 - top) / (bottom - top), 0, 1)
            if abs(visible - MIN_INSIDE) > 0.06:
                assert (name in found.absent) == (visible < MIN_INSIDE)


@pytest.mark.parametrize(("x", "share"), [(0, 1), (-50, 0.5), (-100, 0), (750, 0.5), (200, 1)])
def test_the_fraction_inside_is_the_fraction_of_the_area(x, share) -> None:
    box = np.array([[x, 0.0], [x + 100, 0], [x + 100, 100], [x, 100]])
    assert fraction_inside(box, make_image()) == pytest.approx(share, abs=0.09)


@pytest.mark.parametrize("segmenter", [LandmarkBoxes(), WholeFace()])
def test_each_face_gets_its_own_segmentation(segmenter) -> None:
    small, large = face(scale=0.5), face(scale=1.5)
    image = make_image()
    batch = segmenter.segment([image, image], [small, large])
    for subject, found in zip((small, large), batch, strict=True):
        (alone,) = segmenter.segment([image], [subject])
        assert boxes(alone).keys() == boxes(found).keys()
        assert all(np.array_equal(a, b) for a, b in zip(boxes(alone).values(), boxes(found).values(), strict=True))
    assert segmenter.segment([], []) == []


# whole_face


def test_an_upright_face_is_its_box() -> None:
    subject = face()
    (found,) = WholeFace().segment([make_image()], [subject])
    assert WholeFace().regions == ("face",)
    assert spans(boxes(found)["face"]) == pytest.approx(tuple(subject.box))


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_the_box_of_a_rotated_face_keeps_its_corners(quarters) -> None:
    angle = quarters * np.pi / 2
    upright, rotated = (WholeFace().segment([make_image()], [face(a)])[0] for a in (0, angle))
    expected = rotate(boxes(upright)["face"] - CENTRE, angle) + CENTRE
    assert boxes(rotated)["face"] == pytest.approx(expected, abs=0.01)


@few
@given(st.floats(-np.pi, np.pi))
def test_the_box_rotates_with_the_face_and_contains_its_landmarks(angle) -> None:
    subject = face(angle)
    polygon = boxes(WholeFace().segment([make_image()], [subject])[0])["face"]
    along = polygon[1] - polygon[0]
    assert np.arctan2(along[1], along[0]) == pytest.approx(subject.roll, abs=1e-4)
    upright = rotate(polygon - polygon.mean(axis=0), -angle)
    marks = rotate(subject.landmarks - polygon.mean(axis=0), -angle)
    assert (marks > upright.min(axis=0)).all()
    assert (marks < upright.max(axis=0)).all()
