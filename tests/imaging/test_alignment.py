"""Alignment of whole faces."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dysfw.imaging.alignment import ALIGNMENTS, ARCFACE_ALIGNMENT, DLIB_ALIGNMENT, FACENET_ALIGNMENT, Alignment
from dysfw.imaging.geometry import transform
from dysfw.types import Face

TEMPLATES = {name: one for name, one in ALIGNMENTS.items() if one.points is not None}


def face_at(landmarks, box=(10, 20, 110, 140)) -> Face:
    return Face(np.array(box, np.float32), 1.0, np.asarray(landmarks, np.float32))


@pytest.mark.parametrize("name", TEMPLATES)
@given(angle=st.floats(-3.1, 3.1), scale=st.floats(0.3, 20), x=st.floats(-300, 3000), y=st.floats(-300, 3000))
def test_a_face_with_the_shape_of_the_template_is_aligned_exactly(name, angle, scale, x, y):
    template = np.array(TEMPLATES[name].points)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    landmarks = 100 * scale * template @ rotation.T + [x, y]
    frame = TEMPLATES[name].frame(face_at(landmarks), 112)
    np.testing.assert_allclose(transform(frame, 112 * template), landmarks, rtol=1e-4, atol=0.02 * scale)


def test_the_alignment_is_the_least_squares_similarity_transform():
    template = 112 * np.array(ARCFACE_ALIGNMENT.points)
    rng = np.random.default_rng(0)
    landmarks = template + rng.normal(0, 3, (5, 2))
    frame = ARCFACE_ALIGNMENT.frame(face_at(landmarks), 112)
    min_error = np.square(transform(frame, template) - landmarks).sum()
    for _ in range(200):
        other = frame + np.column_stack(
            [rng.normal(0, 0.01) * np.eye(2) + rng.normal(0, 0.01) * np.array([[0, -1], [1, 0]]), rng.normal(0, 0.5, 2)]
        )
        assert np.square(transform(other, template) - landmarks).sum() >= min_error


def test_a_crop_is_never_mirrored():
    mirrored = 112 * (1 - np.array(ARCFACE_ALIGNMENT.points))
    assert all(np.linalg.det(one.frame(face_at(mirrored), 112)[:, :2]) > 0 for one in TEMPLATES.values())


def test_facenet_stretches_the_box_with_its_margin_to_a_square():
    frame = FACENET_ALIGNMENT.frame(face_at(np.zeros((5, 2)), box=(100, 50, 228, 242)), 160)  # 128 × 192 px
    np.testing.assert_allclose(transform(frame, [[0, 0], [160, 160]]), [[84, 26], [244, 266]])


def test_dlib_places_the_eyes_as_dlib_does():
    (right_x, right_y), (left_x, left_y), *_ = np.array(DLIB_ALIGNMENT.points) * 150
    assert right_y == left_y == pytest.approx(46.19, abs=0.01)
    assert left_x - right_x == pytest.approx(53.19, abs=0.01)


@pytest.mark.parametrize(("landmarks", "box", "message"), [
    (np.ones((5, 2)), (0, 0, 9, 9), "landmarks coincide"),
    (np.zeros((5, 2)), (9, 0, 9, 9), "has no area"),
])  # fmt: skip
def test_a_face_without_extent_is_an_error(landmarks, box, message):
    for alignment in (FACENET_ALIGNMENT,) if "area" in message else TEMPLATES.values():
        with pytest.raises(ValueError, match=message):
            alignment.frame(face_at(landmarks, box), 112)


@pytest.mark.parametrize("arguments", [{}, {"points": ((0, 0),) * 5, "margin": 0.1}, {"points": ((0, 0),) * 4}])
def test_an_alignment_has_either_five_points_or_a_margin(arguments):
    with pytest.raises(ValueError, match="an alignment has"):
        Alignment(**arguments)
