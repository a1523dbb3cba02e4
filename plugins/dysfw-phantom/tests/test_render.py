"""Rendered phantoms and the positions of their vertices."""

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

pytestmark = pytest.mark.slow

SIZE = 128
HEAD = load_head()
PLAIN = {"yaw": 0.0, "pitch": 0.0, "roll": 0.0, "gaze": (0.0, 0.0), "expression": {}, "fringe": 0.0, "blur": 0.0, "noise": 0.0}


def rendered_adult(size=SIZE, axes=None, appearance=None, **changes):
    """The same adult of middling skin, rendered_adult plainly but for the changes."""
    patient = average_patient(axes or {})
    plain = {"melanin": 0.2, "freckles": 0.0, "stubble": 0.0, "grey": 0.0, "hair": (0.02, 0.012, 0.008), "brow": 0.9}
    appearance = dataclasses.replace(sample_appearance(np.random.default_rng(6), 25, 0.0), **plain | (appearance or {}))
    fixed = PLAIN | {"hair_style": "short", "neckline": "crew", "background": "wall", "framing": 0.6, "shift": (0.0, 0.0)}
    capture = dataclasses.replace(sample_capture(np.random.default_rng(7), 25, 0.0), **fixed | changes)
    return render(HEAD, shape(HEAD, patient, capture.expression), patient, appearance, capture, size)


@cache
def plain():
    return rendered_adult()


def centre(rendered, *parts):
    return rendered.points[HEAD.vertices_of(*parts)].mean(0)


def patch(rendered, name, reach=2):
    """Mean sRGB around a landmark."""
    x, y = landmark_points(HEAD, rendered.points)[name].astype(int)
    return rendered.pixels[y - reach : y + reach + 1, x - reach : x + reach + 1].mean((0, 1))


PROGRAM = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from test_render import rendered_adult
print(hashlib.sha256(rendered_adult(noise=0.01).pixels.tobytes()).hexdigest())
"""


def test_another_process_renders_the_same_pixels(request):
    here = hashlib.sha256(rendered_adult(noise=0.01).pixels.tobytes()).hexdigest()
    ran = subprocess.run([sys.executable, "-c", PROGRAM, str(request.path.parent)], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == here


def test_points_are_in_pixels_and_scale_with_the_image():
    np.testing.assert_allclose(rendered_adult(size=192).points, plain().points * 1.5, atol=1e-2)


def test_a_face_is_centred_and_has_the_requested_height():
    skin = HEAD.vertices_of(Part.SKIN)
    face = skin[(np.abs(HEAD.vertices[skin, 0]) < 0.7) & (HEAD.vertices[skin, 1] > -1.1) & (HEAD.vertices[skin, 1] < 0.75)]
    face = face[HEAD.vertices[face, 2] > -0.2]
    y = plain().points[face, 1]
    assert np.ptp(y) / SIZE == pytest.approx(0.6, abs=0.05)
    assert plain().points[face, 0].mean() == pytest.approx(SIZE / 2, abs=1.5)


def test_the_subjects_left_is_the_viewers_right():
    assert centre(plain(), Part.EYE_LEFT)[0] > centre(plain(), Part.EYE_RIGHT)[0] + 15


def test_angles_have_the_signs_of_head_pose():
    tip = int(np.argmax(HEAD.vertices[:, 2]))
    eyes = centre(plain(), Part.EYE_LEFT, Part.EYE_RIGHT)
    turned, nodding, leaning = rendered_adult(yaw=15.0), rendered_adult(pitch=10.0), rendered_adult(roll=10.0)
    offset = plain().points[tip] - eyes
    assert (turned.points[tip] - centre(turned, Part.EYE_LEFT, Part.EYE_RIGHT))[0] > offset[0] + 3
    assert (nodding.points[tip] - centre(nodding, Part.EYE_LEFT, Part.EYE_RIGHT))[1] > offset[1] + 2
    assert centre(leaning, Part.EYE_LEFT)[1] > centre(leaning, Part.EYE_RIGHT)[1] + 3


def test_occluded_and_outside_vertices_are_not_visible():
    visible = plain().visible
    assert visible[np.argmax(HEAD.vertices[:, 2])]
    assert not visible[np.argmin(HEAD.vertices[:, 2])]
    inside = ((plain().points >= 0) & (plain().points < SIZE)).all(1)
    assert not (visible & ~inside).any()
    assert not visible[HEAD.vertices_of(Part.TONGUE)].any()
    right, left = (HEAD.vertices[:, 0] < -0.6), (HEAD.vertices[:, 0] > 0.6)
    away = rendered_adult(yaw=35.0).visible
    face = (HEAD.vertices[:, 2] > -0.7) & (HEAD.vertices[:, 1] > -0.6) & (HEAD.vertices[:, 1] < 0.4)
    assert away[face & right].mean() > away[face & left].mean() + 0.15


def test_the_image_matches_the_points():
    x, y = np.mean([centre(plain(), Part.EYE_LEFT)], axis=0).astype(int)
    pupil = plain().pixels[y - 1 : y + 2, x - 1 : x + 2].mean()
    assert pupil < 0.6 * patch(plain(), "glabella").mean()
    lip, chin = patch(plain(), "labiale_inferius"), patch(plain(), "pogonion")
    assert lip[0] / lip[1] > chin[0] / chin[1] * 1.05


def test_melanin_darkens_the_skin():
    tones = [patch(rendered_adult(appearance={"melanin": m}), "glabella").mean() for m in (0.0, 0.5, 1.0)]
    assert tones[0] > tones[1] + 20
    assert tones[1] > tones[2] + 20


def test_philtrum_depth_changes_only_the_philtrum():
    vertices = shape(HEAD, average_patient(), {})
    appearance = sample_appearance(np.random.default_rng(6), 25, 0.0)
    capture = sample_capture(np.random.default_rng(7), 25, 0.0)
    capture = dataclasses.replace(capture, **PLAIN, light_azimuth=45.0, framing=0.7)
    smooth, deep = (
        render(HEAD, vertices, average_patient({"philtrum depth": depth}), appearance, capture, 256) for depth in (-2.5, 2.5)
    )
    rows, columns = np.nonzero((smooth.pixels != deep.pixels).any(2))
    places = landmark_points(HEAD, smooth.points)
    assert len(rows) > 60
    assert rows.min() > places["subnasale"][1] - 6
    assert rows.max() < places["labiale_superius"][1] + 4
    assert np.ptp(columns) < 50


def test_synophrys_darkens_the_glabella():
    bare, joined = (patch(rendered_adult(size=256, axes={"synophrys": s}), "glabella", 5) for s in (0.0, 3.0))
    assert joined.mean() < bare.mean() - 6


def test_thick_eyebrows_darken_only_the_eyebrows():
    thin, thick = (rendered_adult(size=256, axes={"eyebrow thickness": s}) for s in (-2.5, 2.5))
    change = thin.pixels.astype(int) - thick.pixels
    rows = np.nonzero(np.abs(change).max((1, 2)) > 3)[0]
    eyes = centre(thin, Part.EYE_LEFT, Part.EYE_RIGHT)[1]
    assert rows.max() < eyes
    assert change.sum() > 20_000
    np.testing.assert_array_equal(thin.points, thick.points)


def test_arched_eyebrows_rise():
    def height(arch):
        with_brows = rendered_adult(size=256, axes={"eyebrow arch": arch}).pixels.mean(2)
        without = rendered_adult(size=256, axes={"eyebrow arch": arch}, appearance={"brow": -0.75}).pixels.mean(2)
        weight = np.clip(without - with_brows, 0, None)
        return (weight * np.arange(256)[:, None]).sum() / weight.sum()

    assert height(3.0) < height(-1.0) - 1


def test_hair_style_changes_the_image_but_not_the_points():
    styles = [rendered_adult(hair_style=style) for style in ("bald", "buzz", "short", "side", "full", "bob", "long", "tied")]
    for other in styles[1:]:
        np.testing.assert_array_equal(styles[0].points, other.points)
        assert (styles[0].pixels != other.pixels).any(2).mean() > 0.02
    forehead = patch(styles[0], "glabella")
    for other in styles[1:]:
        np.testing.assert_allclose(patch(other, "glabella"), forehead, atol=12)


def test_hair_follows_the_skull():
    """The height of head and hair above the eyes, and their width above the ears, px."""

    def extent(circumference):
        drawn = rendered_adult(size=256, axes={"head circumference": circumference})
        eyes = int(centre(drawn, Part.EYE_LEFT, Part.EYE_RIGHT)[1])
        covered = np.abs(drawn.pixels.astype(int) - drawn.pixels[2, 2]).max(2) > 60  # unlike the wall
        return eyes - np.nonzero(covered.any(1))[0][0], np.ptp(np.nonzero(covered[eyes - 40])[0])

    small, average, large = (extent(value) for value in (-2.0, 0.0, 2.0))
    assert small[0] < average[0] - 6 < large[0] - 12
    assert small[1] < average[1] - 6 < large[1] - 12


def test_an_open_mouth_is_dark_and_shows_teeth():
    closed, open_ = plain(), rendered_adult(expression={"open": 1.0, "part": 0.6})
    assert open_.visible[HEAD.vertices_of(Part.TEETH)].sum() > closed.visible[HEAD.vertices_of(Part.TEETH)].sum() + 5
    x, y = open_.points[HEAD.vertices_of(Part.TEETH)].mean(0).astype(int)
    assert open_.pixels[y - 6 : y + 7, x - 3 : x + 4].min() < 60


def test_images_are_well_exposed():
    for seed in range(8):
        rng = np.random.default_rng([seed, 1])
        patient = sample_patient(rng, "p")
        appearance, capture = (
            sample_appearance(rng, patient.age, patient.sex),
            sample_capture(rng, patient.age, patient.sex),
        )
        drawn = render(HEAD, shape(HEAD, patient, capture.expression), patient, appearance, capture, SIZE)
        face = drawn.points[HEAD.vertices_of(Part.SKIN)][drawn.visible[HEAD.vertices_of(Part.SKIN)]].astype(int)
        values = drawn.pixels[face[:, 1], face[:, 0]]
        assert 25 < np.median(values) < 235
        assert (values.min(1) >= 250).mean() < 0.05
