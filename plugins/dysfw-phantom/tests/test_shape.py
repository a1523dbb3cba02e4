from dataclasses import replace

import numpy as np
import pytest
from dysfw_phantom.expression import EXPRESSIONS
from dysfw_phantom.landmarks import landmark_points
from dysfw_phantom.mesh import Part, load_head
from dysfw_phantom.patient import average_patient, sample_patient
from dysfw_phantom.shape import SOFT_LIMIT, age_weights, shape, soft_limit


@pytest.fixture(scope="module")
def head():
    return load_head()


def places(head, person, expression=None):
    return landmark_points(head, 100 * shape(head, person, expression or {}))  # mm


def opening(points, side):
    return points[f"palpebrale_superius_{side}"][1] - points[f"palpebrale_inferius_{side}"][1]


def test_the_average_young_adult_is_the_neutral_head(head):
    np.testing.assert_allclose(shape(head, average_patient(), {}), head.vertices, atol=1e-3)


def test_shape_is_reproducible_and_does_not_change_the_head(head):
    person = sample_patient(np.random.default_rng(3), "p", {"HP:0000316": 3.0})
    first = shape(head, person, {"smile": 0.5})
    shape(head, average_patient({"nose width": 3.0}), {})
    again = shape(head, person, {"smile": 0.5})
    assert (first.dtype, first.shape) == (np.float32, head.vertices.shape)
    np.testing.assert_array_equal(first, again)


def test_the_eyes_stay_at_the_origin(head):
    for seed in range(10):
        vertices = shape(head, sample_patient(np.random.default_rng(seed), "p"), {})
        centre = head.eyeball(Part.EYE_RIGHT, vertices).centre + head.eyeball(Part.EYE_LEFT, vertices).centre
        np.testing.assert_allclose(centre, 0, atol=1e-5)


def test_heads_grow_with_age_and_axes_with_the_head(head):
    heights, effects = [], []
    for age in (2, 6, 12, 24):
        plain, long = (places(head, average_patient({"nose length": x}, age=age)) for x in (0.0, 2.0))
        heights.append(plain["nasion"][1] - plain["gnathion"][1])
        effects.append((plain["subnasale"] - long["subnasale"])[1])
    assert heights == sorted(heights)
    assert effects == sorted(effects)
    assert effects[0] / effects[-1] == pytest.approx(heights[0] / heights[-1], abs=0.15)


@pytest.mark.parametrize("age", [0, 1, 5, 9, 14, 18, 25, 30, 60, 90, 120])
def test_ages_are_mixtures_of_two_neighbours(age):
    weights = age_weights(age)
    assert sum(weights.values()) == pytest.approx(1)
    assert len(weights) <= 2
    assert age_weights(25) == {"young": 1}


def test_sexes_and_base_shapes_differ(head):
    woman, man = (shape(head, average_patient(sex=sex), {}) for sex in (0.0, 1.0))
    assert np.abs(woman - man).max() > 0.02
    first, second = (shape(head, replace(average_patient(), ancestry=mix), {}) for mix in ((1.0, 0, 0), (0, 1.0, 0)))
    assert np.abs(first - second).max() > 0.02


def test_large_values_are_compressed():
    assert soft_limit(1.0) == pytest.approx(1, abs=0.01)
    assert soft_limit(-3.0) == pytest.approx(-2.87, abs=0.01)
    assert soft_limit(4.0) < soft_limit(8.0) < SOFT_LIMIT


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_every_expression_moves_the_face_but_not_the_ears(name, head):
    moved = np.abs(shape(head, average_patient(), {name: 1.0}) - shape(head, average_patient(), {})).max(axis=1)
    assert moved.max() > 0.02
    assert moved[head.ear > 0.9].max() < 0.01


def test_expressions_move_the_expected_landmarks(head):
    rest, smile, wide, left = (
        places(head, average_patient(), e) for e in ({}, {"smile": 1.0}, {"open": 1.0}, {"blink_left": 1.0})
    )
    for side in ("right", "left"):
        assert smile[f"cheilion_{side}"][1] > rest[f"cheilion_{side}"][1] + 3
    assert wide["stomion_inferius"][1] < rest["stomion_inferius"][1] - 8
    assert opening(left, "left") < 1.5
    assert opening(left, "right") == pytest.approx(opening(rest, "right"), abs=0.01)


def test_the_lower_teeth_follow_the_jaw(head):
    low = head.vertices_of(Part.TEETH)
    rest, wide = shape(head, average_patient(), {}), shape(head, average_patient(), {"open": 1.0})
    moved = (wide - rest)[low, 1]
    assert sorted({round(float(y), 2) for y in moved})[0] < -0.05  # the lower row
    assert (moved > -0.001).mean() == pytest.approx(0.5)  # the upper one stays


@pytest.mark.parametrize(("side", "weak", "strong"), [(1.0, "left", "right"), (-1.0, "right", "left")])
def test_a_palsy_weakens_expressions_on_its_side_only(side, weak, strong, head):
    still, healthy = average_patient({"facial palsy": 3.0}, side=side), average_patient(side=side)
    expression = {"smile": 1.0, "blink_left": 1.0, "blink_right": 1.0}
    rest, moved = places(head, still), places(head, still, expression)
    healthy_rest, healthy_moved = places(head, healthy), places(head, healthy, expression)
    assert moved[f"cheilion_{weak}"][1] - rest[f"cheilion_{weak}"][1] < 1
    lift = moved[f"cheilion_{strong}"][1] - rest[f"cheilion_{strong}"][1]
    assert lift == pytest.approx(healthy_moved[f"cheilion_{strong}"][1] - healthy_rest[f"cheilion_{strong}"][1], abs=0.5)
    assert opening(moved, weak) > 6
    assert opening(moved, strong) < 2


@pytest.mark.parametrize("wrong", [{"axes": {"nose": 1.0}}, {"traits": {"side": 1.0, "nose": 1.0}}])
def test_unknown_names_are_rejected(wrong, head):
    with pytest.raises(KeyError):
        shape(head, replace(average_patient(), **wrong), {})
    with pytest.raises(KeyError):
        shape(head, average_patient(), {"grin": 1.0})
