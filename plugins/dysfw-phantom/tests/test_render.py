"""A rendered phantom shows what it was told to show, where it says it shows it."""

from __future__ import annotations

import dataclasses
import hashlib
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from dysfw_phantom.landmarks import landmark_points
from dysfw_phantom.mesh import Part, load_head
from dysfw_phantom.patient import average_patient, sample_patient
from dysfw_phantom.render.appearance import sample_appearance
from dysfw_phantom.render.capture import sample_capture
from dysfw_phantom.render.render import render
from dysfw_phantom.shape import shape

SIZE = 128
HEAD = load_head()
PLAIN = {"yaw": 0.0, "pitch": 0.0, "roll": 0.0, "gaze": (0.0, 0.0), "expression": {}, "fringe": 0.0, "blur": 0.0, "noise": 0.0}


def photographed(size=SIZE, axes=None, looks=None, **changes):
    """The same adult of middling skin, photographed plainly but for the changes."""
    patient = average_patient(axes or {})
    plain = {"melanin": 0.2, "freckles": 0.0, "stubble": 0.0, "grey": 0.0, "hair": (0.02, 0.012, 0.008), "brow": 0.9}
    appearance = dataclasses.replace(sample_appearance(np.random.default_rng(6), 25, 0.0), **plain | (looks or {}))
    fixed = PLAIN | {"hair_style": "short", "neckline": "crew", "place": "wall", "framing": 0.6, "shift": (0.0, 0.0)}
    photograph = dataclasses.replace(sample_capture(np.random.default_rng(7), 25, 0.0), **fixed | changes)
    return render(HEAD, shape(HEAD, patient, photograph.expression), patient, appearance, photograph, size)


@cache
def plain():
    return photographed()


def middle(rendered, *parts):
    return rendered.points[HEAD.vertices_of(*parts)].mean(0)


def patch(rendered, name, reach=2):
    """Mean sRGB around a landmark."""
    x, y = landmark_points(HEAD, rendered.points)[name].astype(int)
    return rendered.pixels[y - reach : y + reach + 1, x - reach : x + reach + 1].mean((0, 1))


PROGRAM = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from test_render import photographed
print(hashlib.sha256(photographed(noise=0.01).pixels.tobytes()).hexdigest())
"""


def test_another_process_draws_the_same_bits(request):
    here = hashlib.sha256(photographed(noise=0.01).pixels.tobytes()).hexdigest()
    ran = subprocess.run([sys.executable, "-c", PROGRAM, str(request.path.parent)], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == here


def test_points_are_in_pixels_and_scale_with_the_picture():
    np.testing.assert_allclose(photographed(size=192).points, plain().points * 1.5, atol=1e-2)


def test_a_face_fills_its_share_of_the_height_in_the_middle():
    skin = HEAD.vertices_of(Part.SKIN)
    face = skin[(np.abs(HEAD.vertices[skin, 0]) < 0.7) & (HEAD.vertices[skin, 1] > -1.1) & (HEAD.vertices[skin, 1] < 0.75)]
    face = face[HEAD.vertices[face, 2] > -0.2]
    y = plain().points[face, 1]
    assert np.ptp(y) / SIZE == pytest.approx(0.6, abs=0.05)
    assert plain().points[face, 0].mean() == pytest.approx(SIZE / 2, abs=1.5)


def test_the_subject_s_left_is_the_viewer_s_right():
    assert middle(plain(), Part.EYE_LEFT)[0] > middle(plain(), Part.EYE_RIGHT)[0] + 15


def test_angles_have_the_signs_of_head_pose():
    tip = int(np.argmax(HEAD.vertices[:, 2]))
    eyes = middle(plain(), Part.EYE_LEFT, Part.EYE_RIGHT)
    turned, nodding, leaning = photographed(yaw=15.0), photographed(pitch=10.0), photographed(roll=10.0)
    offset = plain().points[tip] - eyes
    assert (turned.points[tip] - middle(turned, Part.EYE_LEFT, Part.EYE_RIGHT))[0] > offset[0] + 3
    assert (nodding.points[tip] - middle(nodding, Part.EYE_LEFT, Part.EYE_RIGHT))[1] > offset[1] + 2
    assert middle(leaning, Part.EYE_LEFT)[1] > middle(leaning, Part.EYE_RIGHT)[1] + 3


def test_what_is_hidden_or_outside_is_not_visible():
    seen = plain().visible
    assert seen[np.argmax(HEAD.vertices[:, 2])]
    assert not seen[np.argmin(HEAD.vertices[:, 2])]
    inside = ((plain().points >= 0) & (plain().points < SIZE)).all(1)
    assert not (seen & ~inside).any()
    assert not seen[HEAD.vertices_of(Part.TONGUE)].any()
    right, left = (HEAD.vertices[:, 0] < -0.6), (HEAD.vertices[:, 0] > 0.6)
    away = photographed(yaw=35.0).visible
    face = (HEAD.vertices[:, 2] > -0.7) & (HEAD.vertices[:, 1] > -0.6) & (HEAD.vertices[:, 1] < 0.4)
    assert away[face & right].mean() > away[face & left].mean() + 0.15


def test_the_picture_shows_things_where_the_points_are():
    x, y = np.mean([middle(plain(), Part.EYE_LEFT)], axis=0).astype(int)
    pupil = plain().pixels[y - 1 : y + 2, x - 1 : x + 2].mean()
    assert pupil < 0.6 * patch(plain(), "glabella").mean()
    lip, chin = patch(plain(), "labiale_inferius"), patch(plain(), "pogonion")
    assert lip[0] / lip[1] > chin[0] / chin[1] * 1.05


def test_melanin_darkens_whatever_the_light():
    tones = [patch(photographed(looks={"melanin": m}), "glabella").mean() for m in (0.0, 0.5, 1.0)]
    assert tones[0] > tones[1] + 20
    assert tones[1] > tones[2] + 20


def test_a_smooth_philtrum_loses_its_shadow_and_nothing_else_changes():
    vertices = shape(HEAD, average_patient(), {})
    appearance = sample_appearance(np.random.default_rng(6), 25, 0.0)
    photograph = sample_capture(np.random.default_rng(7), 25, 0.0)
    photograph = dataclasses.replace(photograph, **PLAIN, light_azimuth=45.0, framing=0.7)
    smooth, deep = (
        render(HEAD, vertices, average_patient({"philtrum depth": depth}), appearance, photograph, 256) for depth in (-2.5, 2.5)
    )
    rows, columns = np.nonzero((smooth.pixels != deep.pixels).any(2))
    places = landmark_points(HEAD, smooth.points)
    assert len(rows) > 60
    assert rows.min() > places["subnasale"][1] - 6
    assert rows.max() < places["labiale_superius"][1] + 4
    assert np.ptp(columns) < 50


def test_hairs_between_the_brows_follow_synophrys():
    bare, joined = (patch(photographed(size=256, axes={"synophrys": s}), "glabella", 5) for s in (0.0, 3.0))
    assert joined.mean() < bare.mean() - 6


def test_thick_brows_are_darker_and_change_nothing_but_brows():
    thin, thick = (photographed(size=256, axes={"eyebrow thickness": s}) for s in (-2.5, 2.5))
    change = thin.pixels.astype(int) - thick.pixels
    rows = np.nonzero(np.abs(change).max((1, 2)) > 3)[0]
    eyes = middle(thin, Part.EYE_LEFT, Part.EYE_RIGHT)[1]
    assert rows.max() < eyes
    assert change.sum() > 20_000
    np.testing.assert_array_equal(thin.points, thick.points)


def test_arched_brows_rise():
    def height(arch):
        with_brows = photographed(size=256, axes={"eyebrow arch": arch}).pixels.mean(2)
        without = photographed(size=256, axes={"eyebrow arch": arch}, looks={"brow": -0.75}).pixels.mean(2)
        weight = np.clip(without - with_brows, 0, None)
        return (weight * np.arange(256)[:, None]).sum() / weight.sum()

    assert height(3.0) < height(-1.0) - 1


def test_hair_style_changes_the_picture_and_never_the_truth():
    styles = [photographed(hair_style=style) for style in ("bald", "buzz", "short", "side", "full", "bob", "long", "tied")]
    for other in styles[1:]:
        np.testing.assert_array_equal(styles[0].points, other.points)
        assert (styles[0].pixels != other.pixels).any(2).mean() > 0.02
    forehead = patch(styles[0], "glabella")
    for other in styles[1:]:
        np.testing.assert_allclose(patch(other, "glabella"), forehead, atol=12)


def test_an_open_mouth_shows_dark_and_teeth():
    closed, open_ = plain(), photographed(expression={"open": 1.0, "part": 0.6})
    assert open_.visible[HEAD.vertices_of(Part.TEETH)].sum() > closed.visible[HEAD.vertices_of(Part.TEETH)].sum() + 5
    x, y = open_.points[HEAD.vertices_of(Part.TEETH)].mean(0).astype(int)
    assert open_.pixels[y - 6 : y + 7, x - 3 : x + 4].min() < 60


def test_pictures_are_neither_black_nor_blown_out():
    for seed in range(8):
        rng = np.random.default_rng([seed, 1])
        patient = sample_patient(rng, "p")
        appearance, photograph = (
            sample_appearance(rng, patient.age, patient.sex),
            sample_capture(rng, patient.age, patient.sex),
        )
        drawn = render(HEAD, shape(HEAD, patient, photograph.expression), patient, appearance, photograph, SIZE)
        face = drawn.points[HEAD.vertices_of(Part.SKIN)][drawn.visible[HEAD.vertices_of(Part.SKIN)]].astype(int)
        values = drawn.pixels[face[:, 1], face[:, 0]]
        assert 25 < np.median(values) < 235
        assert (values.min(1) >= 250).mean() < 0.05
