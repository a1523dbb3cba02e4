"""Selection of the subject among several faces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dysfw.imaging.face_selection import Select, order_faces, prominence
from dysfw.types import Face, Image

SELECTS: tuple[Select, ...] = ("central", "largest", "confident", "all")
WIDTH, HEIGHT = 640, 480


def image(width: int = WIDTH, height: int = HEIGHT) -> Image:
    return Image(np.broadcast_to(np.uint8(0), (height, width, 3)), "synthetic", "0" * 64)


def face(x: float, y: float, side: float, score: float = 0.99) -> Face:
    """A square face centred on (x, y)."""
    box = np.array([x - side / 2, y - side / 2, x + side / 2, y + side / 2], np.float32)
    marks = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]]) * side + box[:2]
    return Face(box, score, marks.astype(np.float32))


def best(*faces: Face, select: Select = "central") -> Face:
    return order_faces(faces, image(), select)[0]


def same(a: Face, b: Face) -> bool:
    return np.array_equal(a.box, b.box) and a.score == b.score and np.array_equal(a.landmarks, b.landmarks)


# Coarse grids, so that equal positions, sizes and scores are common.
faces = st.lists(
    st.builds(
        face,
        st.integers(-2, 22).map(lambda v: v * 32.0),
        st.integers(-2, 17).map(lambda v: v * 32.0),
        st.integers(1, 12).map(lambda v: v * 32.0),
        st.sampled_from([0.5, 0.9, 0.99, 1.0]),
    ),
    max_size=6,
)
selects = st.sampled_from(SELECTS)


@given(faces, selects, st.randoms())
def test_the_order_of_the_input_does_not_matter(detected: list[Face], select: Select, random) -> None:
    shuffled = list(detected)
    random.shuffle(shuffled)
    first, second = order_faces(detected, image(), select), order_faces(shuffled, image(), select)
    assert all(same(a, b) for a, b in zip(first, second, strict=True))


@given(faces, selects, st.sampled_from([0.25, 0.5, 2.0, 8.0]))
def test_the_resolution_of_the_image_does_not_matter(detected: list[Face], select: Select, scale: float) -> None:
    larger = [Face(f.box * np.float32(scale), f.score, f.landmarks * np.float32(scale)) for f in detected]
    first = order_faces(detected, image(), select)
    second = order_faces(larger, image(int(WIDTH * scale), int(HEIGHT * scale)), select)
    assert all(np.array_equal(a.box * np.float32(scale), b.box) for a, b in zip(first, second, strict=True))


@given(faces, selects)
def test_all_faces_are_returned_and_one_or_all_are_chosen(detected: list[Face], select: Select) -> None:
    ordered = order_faces(detected, image(), select)
    assert len(ordered) == len(detected)
    assert [f.chosen for f in ordered] == [select == "all" or i == 0 for i in range(len(detected))]


@given(faces)
def test_selection_is_idempotent(detected: list[Face]) -> None:
    once = order_faces(detected, image(), "all")
    again = order_faces(once, image(), "central")
    assert all(same(a, b) for a, b in zip(once, again, strict=True))
    assert sum(f.chosen for f in again) == min(1, len(detected))


@given(faces)
def test_prominence_lies_between_0_and_1(detected: list[Face]) -> None:
    assert all(0 <= prominence(f, image()) <= 1 for f in detected)


@given(faces, st.floats(0.05, 0.95))
def test_prominence_increases_with_the_score(detected: list[Face], less: float) -> None:
    assume(any(prominence(f, image()) > 0 for f in detected))
    for f in detected:
        p = prominence(f, image())
        assert p == 0 or prominence(Face(f.box, f.score * less, f.landmarks), image()) < p


def test_a_central_child_is_preferred_to_the_parent_holding_it() -> None:
    child, parent = face(320, 300, 130), face(330, 90, 170)
    assert same(best(child, parent), child)
    assert same(best(child, parent, select="largest"), parent)


def test_the_patient_is_preferred_to_a_central_bystander() -> None:
    patient, bystander = face(220, 220, 220), face(330, 240, 60)
    assert same(best(patient, bystander), patient)


def test_a_head_near_the_upper_edge_is_preferred_to_a_pattern_on_the_clothes() -> None:
    head, pattern = face(320, 60, 80, 0.999), face(320, 240, 48, 0.95)
    assert same(best(head, pattern), head)


def test_only_the_visible_part_of_a_face_counts() -> None:
    whole, cut = face(400, 240, 150), face(0, 240, 200)
    assert same(best(whole, cut), whole)
    assert same(best(whole, cut, select="largest"), cut)


def test_a_face_outside_the_image_is_last() -> None:
    outside, inside = face(-200, 240, 300), face(40, 40, 20)
    assert same(best(outside, inside), inside)
    assert prominence(outside, image()) == 0


def test_confident_selects_the_face_with_the_highest_score() -> None:
    large, confident = face(320, 240, 300, 0.91), face(60, 60, 40, 0.99)
    assert same(best(large, confident, select="confident"), confident)


def test_equal_scores_are_ordered_by_prominence() -> None:
    small, large = face(320, 240, 40), face(320, 240, 200)
    assert same(best(small, large, select="confident"), large)


def test_an_empty_list_stays_empty() -> None:
    assert order_faces([], image(), "central") == []


def test_an_unknown_choice_is_an_error() -> None:
    with pytest.raises(ValueError, match="central, largest, confident, all, found 'biggest'"):
        order_faces([], image(), "biggest")  # type: ignore[arg-type]
