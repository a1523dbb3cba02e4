"""Photographs vary as clinical and family pictures do."""

from __future__ import annotations

import numpy as np
from dysfw_phantom.expression import EXPRESSIONS
from dysfw_phantom.render.background import KINDS, background
from dysfw_phantom.render.capture import HAIR_STYLES, sample_capture
from dysfw_phantom.render.cloth import NECKLINES

TAKEN = [sample_capture(np.random.default_rng([seed, 3]), 35, seed % 2) for seed in range(600)]


def test_one_seed_gives_one_photograph():
    again = sample_capture(np.random.default_rng([7, 3]), 35, 1)
    assert again == TAKEN[7]


def test_heads_face_the_camera_within_what_a_portrait_allows():
    pose = np.abs([(photo.yaw, photo.pitch, photo.roll) for photo in TAKEN])
    assert (pose.max(0) <= (21, 12, 10)).all()
    assert np.std([photo.yaw for photo in TAKEN]) > 7


def test_everything_that_can_be_drawn_is_drawn():
    assert {photo.hair_style for photo in TAKEN} == set(HAIR_STYLES)
    assert {photo.neckline for photo in TAKEN} == set(NECKLINES)
    assert {photo.place for photo in TAKEN} == set(KINDS)
    assert set().union(*(photo.expression for photo in TAKEN)) <= set(EXPRESSIONS)


def test_faces_fill_between_a_third_and_three_quarters_of_the_height():
    framing = [photo.framing for photo in TAKEN]
    assert min(framing) >= 0.35
    assert max(framing) <= 0.75


def test_children_are_neither_bald_nor_long_haired_babies():
    toddlers = [sample_capture(np.random.default_rng([seed, 4]), 2.5, 1.0) for seed in range(200)]
    assert np.mean([photo.hair_style == "long" for photo in toddlers]) == 0
    children = [sample_capture(np.random.default_rng([seed, 4]), 9, 1.0) for seed in range(200)]
    assert not any(photo.hair_style == "bald" for photo in children)


def test_backgrounds_are_muted_and_follow_their_seed():
    for kind in KINDS:
        scene = background(kind, 3, 48)
        np.testing.assert_array_equal(scene, background(kind, 3, 48))
        assert (scene != background(kind, 4, 48)).any()
        assert scene.shape == (48, 48, 3)
        assert scene.min() > 0
        saturation = 1 - scene.min(2) / scene.max(2)
        assert np.median(saturation) < 0.75
