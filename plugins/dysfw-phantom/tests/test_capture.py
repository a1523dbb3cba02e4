"""Sampling of capture conditions and backgrounds."""

from __future__ import annotations

import numpy as np
from dysfw_phantom.expression import EXPRESSIONS
from dysfw_phantom.render.background import KINDS, background
from dysfw_phantom.render.capture import HAIR_STYLES, sample_capture
from dysfw_phantom.render.cloth import NECKLINES

CAPTURES = [sample_capture(np.random.default_rng([seed, 3]), 35, seed % 2) for seed in range(600)]


def test_capture_is_determined_by_the_seed():
    again = sample_capture(np.random.default_rng([7, 3]), 35, 1)
    assert again == CAPTURES[7]


def test_poses_are_those_of_portraits():
    pose = np.abs([(capture.yaw, capture.pitch, capture.roll) for capture in CAPTURES])
    assert (pose.max(0) <= (21, 12, 10)).all()
    assert np.std([capture.yaw for capture in CAPTURES]) > 7


def test_all_styles_and_backgrounds_occur():
    assert {capture.hair_style for capture in CAPTURES} == set(HAIR_STYLES)
    assert {capture.neckline for capture in CAPTURES} == set(NECKLINES)
    assert {capture.background for capture in CAPTURES} == set(KINDS)
    assert set().union(*(capture.expression for capture in CAPTURES)) <= set(EXPRESSIONS)


def test_faces_take_a_third_to_three_quarters_of_the_height():
    framing = [capture.framing for capture in CAPTURES]
    assert min(framing) >= 0.35
    assert max(framing) <= 0.75


def test_hair_styles_fit_the_age_of_children():
    toddlers = [sample_capture(np.random.default_rng([seed, 4]), 2.5, 1.0) for seed in range(200)]
    assert np.mean([capture.hair_style == "long" for capture in toddlers]) == 0
    children = [sample_capture(np.random.default_rng([seed, 4]), 9, 1.0) for seed in range(200)]
    assert not any(capture.hair_style == "bald" for capture in children)


def test_backgrounds_are_muted_and_determined_by_their_seed():
    for kind in KINDS:
        scene = background(kind, 3, 48)
        np.testing.assert_array_equal(scene, background(kind, 3, 48))
        assert (scene != background(kind, 4, 48)).any()
        assert scene.shape == (48, 48, 3)
        assert scene.min() > 0
        saturation = 1 - scene.min(2) / scene.max(2)
        assert np.median(saturation) < 0.75
